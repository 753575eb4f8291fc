package dev.switchboard.spring;

import dev.switchboard.core.ConnectionDefinition;
import dev.switchboard.core.ReactiveConnectionRegistry;
import dev.switchboard.databases.Database;
import dev.switchboard.routing.RoutingConnectionFactory;
import io.r2dbc.pool.ConnectionPool;
import io.r2dbc.pool.ConnectionPoolConfiguration;
import io.r2dbc.proxy.ProxyConnectionFactory;
import io.r2dbc.spi.ConnectionFactories;
import io.r2dbc.spi.ConnectionFactory;
import reactor.core.publisher.Mono;

/** The ways in which an application reaches an SQLite file; Spring must work on each of them. */
enum Access {
    BARE {
        @Override
        Opened open(Database database) {
            return new Opened(ConnectionFactories.get(database.url()), Mono.empty());
        }
    },
    POOLED {
        @Override
        Opened open(Database database) {
            ConnectionPool pool =
                    new ConnectionPool(ConnectionPoolConfiguration.builder(ConnectionFactories.get(database.url()))
                            .maxSize(4)
                            .build());
            return new Opened(pool, pool.close());
        }
    },
    PROXIED {
        @Override
        Opened open(Database database) {
            ConnectionFactory bare = ConnectionFactories.get(database.url());
            return new Opened(ProxyConnectionFactory.builder(bare).build(), Mono.empty());
        }
    },
    ROUTED {
        @Override
        Opened open(Database database) {
            ReactiveConnectionRegistry registry = ReactiveConnectionRegistry.create()
                    .register(ConnectionDefinition.of("it", database.url()).withPool(pool -> pool.maxSize(4)));
            registry.defaultConnection("it");
            return new Opened(RoutingConnectionFactory.over(registry).forProduct("SQLite"), registry.close());
        }
    };

    abstract Opened open(Database database);

    /** A factory and what ends it. */
    record Opened(ConnectionFactory factory, Mono<Void> close) {}
}
