package dev.switchboard.core;

import io.r2dbc.spi.ConnectionFactory;
import io.r2dbc.spi.ConnectionFactoryMetadata;
import reactor.core.publisher.Mono;
import reactor.util.context.ContextView;

/** A plain R2DBC factory for one connection name. */
record NamedConnectionFactory(ReactiveConnectionRegistry registry, String name) implements ConnectionFactory {

    @Override
    public Mono<SwitchboardConnection> create() {
        return Mono.deferContextual(context -> Mono.just(open(context)));
    }

    ConnectionHandle open(ContextView context) {
        return registry.handle(new Fixed(this, context));
    }

    @Override
    public ConnectionFactoryMetadata getMetadata() {
        return () -> registry.product(name);
    }

    @Override
    public String toString() {
        return "ConnectionFactory[" + name + "]";
    }

    private record Fixed(NamedConnectionFactory factory, ContextView capturedContext) implements RouteBinding {

        @Override
        public Mono<Route> resolve(boolean readOnlyTransaction) {
            return Mono.fromSupplier(() -> new Route(factory.name, readOnlyTransaction, null));
        }

        @Override
        public void check(ContextView statementContext) {
            // A factory for one name serves every context.
        }

        @Override
        public String productName() {
            return factory.registry.contains(factory.name) ? factory.registry.product(factory.name) : "Switchboard";
        }
    }
}
