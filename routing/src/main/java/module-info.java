/** Reactor Context to connection name: hints, routers, the guard, transactions, the SQL client. */
@org.jspecify.annotations.NullMarked
module dev.switchboard.routing {
    requires transitive dev.switchboard.core;
    requires com.github.benmanes.caffeine;
    requires org.slf4j;
    requires static context.propagation;

    exports dev.switchboard.routing;
    exports dev.switchboard.routing.propagation;
}
