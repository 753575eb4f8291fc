package dev.switchboard.core;

import io.r2dbc.spi.Connection;
import io.r2dbc.spi.ConnectionFactory;
import io.r2dbc.spi.ConnectionFactoryMetadata;
import io.r2dbc.spi.ConnectionFactoryOptions;
import java.util.NoSuchElementException;
import java.util.function.Function;
import java.util.function.Supplier;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

/**
 * Asks for the password before each connection and lets the driver make a factory for it, in the same way for every driver:
 * most know nothing but a fixed password, and the others ask while the server already waits for the answer.
 */
final class AskedPassword implements ConnectionFactory {

    /** Some drivers refuse to be without one; it never leaves this process. */
    private static final String NOT_ASKED_YET = "not asked yet";

    private final ConnectionDefinition definition;
    private final ConnectionFactoryOptions options;
    private final Function<ConnectionFactoryOptions, ConnectionFactory> making;
    private final ConnectionFactoryMetadata metadata;

    AskedPassword(
            ConnectionDefinition definition,
            ConnectionFactoryOptions options,
            Function<ConnectionFactoryOptions, ConnectionFactory> making) {
        if ("sqlite".equals(definition.driver())) {
            throw new UnsupportedFeatureException(
                    definition.name(), "SQLite", "a password", "Leave it out; the file's own rights protect it");
        }
        this.definition = definition;
        this.options = options;
        this.making = making;
        // Refuses what the driver refuses now, and not at the first connect.
        this.metadata = making.apply(with(NOT_ASKED_YET)).getMetadata();
    }

    static boolean isAsked(ConnectionFactoryOptions options) {
        Object password = options.getValue(ConnectionFactoryOptions.PASSWORD);
        return password instanceof Supplier || password instanceof Publisher;
    }

    @Override
    public Mono<Connection> create() {
        return answered(Mono.never()).flatMap(factory -> Mono.from(factory.create()));
    }

    @Override
    public ConnectionFactoryMetadata getMetadata() {
        return metadata;
    }

    /** A factory with the password that holds now; nothing is asked before subscription, nor twice. */
    Mono<ConnectionFactory> answered(Mono<Void> patience) {
        return Mono.defer(this::question)
                .switchIfEmpty(Mono.error(() -> new NoSuchElementException("The supplier gave no password")))
                .cast(CharSequence.class)
                .timeout(patience)
                .onErrorMap(failure -> new PasswordUnavailableException(definition.name(), failure))
                // Some drivers read files while their factory is made.
                .publishOn(Schedulers.boundedElastic())
                .map(password -> making.apply(with(password.toString())));
    }

    private Mono<?> question() {
        Object asked = options.getValue(ConnectionFactoryOptions.PASSWORD);
        Object answer = asked instanceof Supplier<?> supplier ? supplier.get() : asked;
        return answer instanceof Publisher<?> publisher ? Mono.from(publisher) : Mono.justOrEmpty(answer);
    }

    private ConnectionFactoryOptions with(String password) {
        return options.mutate()
                .option(ConnectionFactoryOptions.PASSWORD, password)
                .build();
    }

    @Override
    public String toString() {
        return "ConnectionFactory[" + metadata.getName() + ", password asked for]";
    }
}
