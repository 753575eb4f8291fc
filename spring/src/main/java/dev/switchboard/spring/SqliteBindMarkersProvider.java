package dev.switchboard.spring;

import io.r2dbc.spi.ConnectionFactory;
import org.jspecify.annotations.Nullable;
import org.springframework.r2dbc.core.binding.BindMarkersFactory;
import org.springframework.r2dbc.core.binding.BindMarkersFactoryResolver.BindMarkerFactoryProvider;

/**
 * Tells Spring's {@code DatabaseClient} how SQLite writes parameters: {@code ?1}, {@code ?2}. Spring finds it by itself
 * when this module is on the class path; nobody needs to name it.
 */
@SuppressWarnings("exports") // Whoever names it has Spring, and requires it.
public final class SqliteBindMarkersProvider implements BindMarkerFactoryProvider {
    private static final String PRODUCT = "SQLite";

    /** A number can stand twice in a statement, so a name that is used twice is bound once. */
    static final BindMarkersFactory NUMBERED = BindMarkersFactory.indexed("?", 1);

    /** Called by Spring. */
    public SqliteBindMarkersProvider() {}

    /**
     * The markers of SQLite. Looks at the metadata only: no connection is made, and nothing blocks.
     *
     * @param connectionFactory any factory; it is SQLite's when its metadata has the name {@code SQLite}, in any case of
     *     letters
     * @return numbered markers that begin with {@code ?1}, or null for another product
     */
    @Override
    public @Nullable BindMarkersFactory getBindMarkers(ConnectionFactory connectionFactory) {
        return isSqlite(connectionFactory) ? NUMBERED : null;
    }

    static boolean isSqlite(ConnectionFactory factory) {
        return PRODUCT.equalsIgnoreCase(factory.getMetadata().getName());
    }
}
