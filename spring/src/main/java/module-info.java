/** What Spring must be told: the dialect and the bind markers of SQLite, and where entities live. The application brings Spring itself. */
@org.jspecify.annotations.NullMarked
module dev.switchboard.spring {
    requires transitive r2dbc.spi;
    requires transitive org.jspecify;
    requires static dev.switchboard.routing;
    requires static reactor.core;
    requires static org.reactivestreams;
    requires static spring.r2dbc;
    requires static spring.data.r2dbc;
    requires static spring.data.relational;
    requires static spring.data.commons;
    requires static spring.core;
    requires static spring.beans;
    requires static spring.aop;
    requires static spring.tx;

    exports dev.switchboard.spring;
}
