package dev.switchboard.routing;

import org.jspecify.annotations.Nullable;

/** A value does not fit its target; becomes a {@link RowMappingException} where the column is known. */
final class ConversionRefused extends Exception {

    private static final long serialVersionUID = 1L;

    private final transient String next;

    ConversionRefused(String found, String next, @Nullable Throwable cause) {
        super(found, cause, false, false);
        this.next = next;
    }

    ConversionRefused(String found, String next) {
        this(found, next, null);
    }

    RowMappingException in(@Nullable String connectionName, Class<?> target, String column) {
        return new RowMappingException(
                connectionName, target, "column " + Shown.quoted(column) + " " + getMessage(), next, getCause());
    }
}
