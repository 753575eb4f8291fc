package dev.switchboard.routing;

import dev.switchboard.core.ReactiveConnectionRegistry;
import dev.switchboard.core.SwitchboardConnection;
import io.r2dbc.spi.ConnectionFactory;
import io.r2dbc.spi.ConnectionFactoryMetadata;
import io.r2dbc.spi.Wrapped;
import reactor.core.publisher.Mono;
import reactor.util.context.ContextView;

/** The routing factory for one Context that was captured before somebody loses it. */
final class CapturedConnectionFactory implements ConnectionFactory, Wrapped<ReactiveConnectionRegistry> {

    private final RoutingRules rules;
    private final ContextView context;

    CapturedConnectionFactory(RoutingRules rules, ContextView context) {
        this.rules = rules;
        this.context = context;
    }

    @Override
    public Mono<SwitchboardConnection> create() {
        return Mono.fromSupplier(() -> rules.registry().connect(new HintBinding(rules, context, false)));
    }

    @Override
    public ConnectionFactoryMetadata getMetadata() {
        return rules::productName;
    }

    @Override
    public ReactiveConnectionRegistry unwrap() {
        return rules.registry();
    }

    @Override
    public String toString() {
        return "CapturedConnectionFactory[" + rules.productName() + ", " + RouteHints.from(context) + "]";
    }
}
