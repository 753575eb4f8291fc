/** Names to pools: the connection registry, its definitions, admission and the connection handle. */
@org.jspecify.annotations.NullMarked
module dev.switchboard.core {
    requires transitive r2dbc.spi;
    requires transitive reactor.core;
    requires transitive org.reactivestreams;
    requires transitive org.jspecify;
    requires transitive r2dbc.pool;
    requires reactor.pool;
    requires com.github.benmanes.caffeine;
    requires org.slf4j;
    requires static r2dbc.postgresql;
    requires static micrometer.core;
    requires static io.github.resilience4j.circuitbreaker;

    uses io.r2dbc.spi.ConnectionFactoryProvider;

    exports dev.switchboard.core;
    exports dev.switchboard.core.micrometer;
    exports dev.switchboard.core.resilience4j;
}
