/** What Spring must be told: the dialect and the bind markers of SQLite. The application brings Spring itself. */
@org.jspecify.annotations.NullMarked
module dev.switchboard.spring {
    requires transitive r2dbc.spi;
    requires transitive org.jspecify;
    requires static spring.r2dbc;
    requires static spring.data.r2dbc;
    requires static spring.data.relational;
    requires static spring.data.commons;
    requires static spring.core;

    exports dev.switchboard.spring;
}
