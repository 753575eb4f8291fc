/** For the tests of programs that route: databases, registries, and what a chain was led to. */
@org.jspecify.annotations.NullMarked
module dev.switchboard.testing {
    requires transitive dev.switchboard.routing;
    requires transitive reactor.test;
    requires static transitive org.junit.jupiter.api;
    requires static org.opentest4j;

    exports dev.switchboard.testing;
}
