package dev.switchboard.core;

import io.r2dbc.spi.ConnectionFactoryOptions;
import io.r2dbc.spi.Option;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * What one place says about a connection; everything it does not say is left to weaker parts.
 *
 * @param said who says it
 * @param url the URL as options, or null
 * @param values what is said apart from the URL; never an option that the URL says too
 * @param pool changes of the pool options, in their order
 * @param session what its sessions are set to
 * @param role the role of the host, or null
 */
record TemplatePart(
        Said said,
        @Nullable ConnectionFactoryOptions url,
        Map<Option<?>, Object> values,
        List<PoolChange> pool,
        Session session,
        @Nullable HostRole role) {

    /** What a URL says as a whole: a part of the address that it leaves out is not taken from a weaker part. */
    static final Set<Option<?>> ADDRESS = Set.of(
            ConnectionFactoryOptions.DRIVER,
            ConnectionFactoryOptions.PROTOCOL,
            ConnectionFactoryOptions.HOST,
            ConnectionFactoryOptions.PORT,
            ConnectionFactoryOptions.DATABASE);

    TemplatePart {
        for (Option<?> option : values.keySet()) {
            DefinitionChecks.refuseIf(
                    null,
                    url != null && url.hasOption(option),
                    "'" + ErrorText.name(option.name()) + "' is said twice in " + said.words()
                            + ", by the URL and on its own",
                    "one of both",
                    "Leave it out of the URL, or leave out the other one");
        }
        values = Map.copyOf(values);
        pool = List.copyOf(pool);
    }

    /** The driver that this part names; its URL is passed over where a stronger part of the same layer has another one. */
    @Nullable
    Object driver(boolean urlCounts) {
        Object own = values.get(ConnectionFactoryOptions.DRIVER);
        return own == null && urlCounts && url != null ? url.getValue(ConnectionFactoryOptions.DRIVER) : own;
    }

    /**
     * Who says something.
     *
     * @param layer equal for the parts of one layer, such as what file and environment say about the same template
     * @param words how messages name it
     */
    record Said(Object layer, String words) {

        static Said by(String words) {
            return new Said(new Object(), words);
        }
    }

    /**
     * What sessions are set to.
     *
     * @param settings what a connection asks of its server
     * @param schema the schema, or null
     */
    record Session(ConnectionSettings settings, @Nullable String schema) {}

    /**
     * One change of pool options.
     *
     * @param where how messages name the place of the change
     * @param change changes a builder that has the values of all weaker changes
     */
    record PoolChange(String where, UnaryOperator<PoolOptions.Builder> change) {}
}
