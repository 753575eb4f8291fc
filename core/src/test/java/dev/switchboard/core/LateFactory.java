package dev.switchboard.core;

import io.r2dbc.spi.Connection;
import io.r2dbc.spi.ConnectionFactories;
import io.r2dbc.spi.ConnectionFactory;
import io.r2dbc.spi.ConnectionFactoryMetadata;
import io.r2dbc.spi.ValidationDepth;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Operators;
import reactor.core.scheduler.Schedulers;

/** A driver's factory that goes on connecting when it is cancelled, and delivers when its gate completes. */
final class LateFactory implements ConnectionFactory {

    private final ConnectionFactory driver;
    private final Mono<Void> gate;
    private final List<Connection> delivered = new CopyOnWriteArrayList<>();

    LateFactory(String url, Mono<Void> gate) {
        this.driver = ConnectionFactories.get(url);
        this.gate = gate;
    }

    boolean allClosed() {
        return !delivered.isEmpty()
                && delivered.stream()
                        .allMatch(
                                connection -> !Boolean.TRUE.equals(Mono.from(connection.validate(ValidationDepth.LOCAL))
                                        .block()));
    }

    @Override
    public Publisher<? extends Connection> create() {
        return (Publisher<Connection>) subscriber -> {
            subscriber.onSubscribe(Operators.emptySubscription());
            gate.then(Mono.<Connection>from(driver.create()))
                    .subscribeOn(Schedulers.boundedElastic())
                    .subscribe(connection -> {
                        delivered.add(connection);
                        subscriber.onNext(connection);
                        subscriber.onComplete();
                    });
        };
    }

    @Override
    public ConnectionFactoryMetadata getMetadata() {
        return driver.getMetadata();
    }
}
