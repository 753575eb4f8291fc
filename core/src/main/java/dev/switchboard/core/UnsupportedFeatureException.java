package dev.switchboard.core;

import io.r2dbc.spi.R2dbcNonTransientException;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The driver or the product does not offer a feature and would have ignored it without a word. */
public final class UnsupportedFeatureException extends R2dbcNonTransientException implements SwitchboardError {

    private static final long serialVersionUID = 1L;

    private final transient @Nullable String connectionName;
    private final transient String product;
    private final transient String feature;
    private final transient String next;
    private final transient Map<String, Object> facts;

    /**
     * Builds the message.
     *
     * @param connectionName the name of the connection, or null where it is not known
     * @param product the product or driver
     * @param feature what was asked for
     * @param next what to do next, as a sentence without a full stop
     */
    public UnsupportedFeatureException(@Nullable String connectionName, String product, String feature, String next) {
        super(ErrorText.connection(connectionName) + ": " + product + " does not support " + feature
                + " and would ignore it. " + next + ".");
        this.connectionName = connectionName;
        this.product = product;
        this.feature = feature;
        this.next = next;
        this.facts = ErrorFacts.about(connectionName)
                .and("product", product)
                .and("feature", feature)
                .build();
    }

    @Override
    public @Nullable String connectionName() {
        return connectionName;
    }

    @Override
    public Map<String, Object> facts() {
        return facts;
    }

    /** {@return the product or driver} */
    public String product() {
        return product;
    }

    /** {@return what was asked for} */
    public String feature() {
        return feature;
    }

    /** {@return what to do next, as a sentence without a full stop} */
    public String next() {
        return next;
    }
}
