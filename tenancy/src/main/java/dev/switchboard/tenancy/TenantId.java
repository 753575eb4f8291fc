package dev.switchboard.tenancy;

import dev.switchboard.routing.RoutingHint;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Who is asking. A hint, written as {@link Tenancy#usingTenant(String)}; unlike other hints it never changes inside its scope:
 * another tenant further in is a {@link TenantChangedException}.
 *
 * <p>Ids may come from a request and reach names of databases, files and URLs, so their form is narrow. Case counts.
 *
 * @param value 1 to 63 characters, each a letter from A to Z or a to z, a digit, {@code _} or {@code -}
 */
public record TenantId(String value) implements RoutingHint {

    private static final int LONGEST = 63;

    /**
     * Refuses what is no tenant id.
     *
     * @param value the id
     * @throws InvalidTenantIdException if the id has another form; the id is not part of the message
     */
    public TenantId {
        Objects.requireNonNull(value, "value");
        if (value.isEmpty()) {
            throw new InvalidTenantIdException("it is empty");
        }
        if (value.length() > LONGEST) {
            throw new InvalidTenantIdException("it has " + value.length() + " characters");
        }
        for (int i = 0; i < value.length(); i++) {
            if (!isAllowed(value.charAt(i))) {
                throw new InvalidTenantIdException(
                        String.format("character %d is U+%04X", i + 1, value.codePointAt(i)));
            }
        }
    }

    private static boolean isAllowed(char character) {
        return (character >= 'a' && character <= 'z')
                || (character >= 'A' && character <= 'Z')
                || (character >= '0' && character <= '9')
                || character == '_'
                || character == '-';
    }

    /**
     * A tenant id.
     *
     * @param value the id
     * @return the id as a hint
     * @throws InvalidTenantIdException if the id has another form
     */
    public static TenantId of(String value) {
        return new TenantId(value);
    }

    @Override
    public Class<? extends RoutingHint> kind() {
        return TenantId.class;
    }

    @Override
    public RoutingHint mergedInto(@Nullable RoutingHint outer) {
        if (outer instanceof TenantId tenant && !tenant.equals(this)) {
            throw new TenantChangedException(tenant, this);
        }
        return this;
    }

    /** {@return the hint in words} */
    @Override
    public String toString() {
        return "tenant '" + value + "'";
    }
}
