package dev.switchboard.core;

import io.r2dbc.spi.Connection;
import io.r2dbc.spi.ConnectionFactories;
import io.r2dbc.spi.ConnectionFactory;
import io.r2dbc.spi.ConnectionFactoryMetadata;
import io.r2dbc.spi.ConnectionFactoryOptions;
import io.r2dbc.spi.ConnectionFactoryProvider;
import java.io.IOException;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/**
 * The driver {@code shaky}: its hosts answer a connect when a test says so, with a connection of H2. Public for the look-up of
 * services.
 */
public final class ShakyProvider implements ConnectionFactoryProvider {

    private static final Map<String, Host> HOSTS = new ConcurrentHashMap<>();

    /** The host of that name, which nobody else uses. */
    static Host host(String name) {
        return HOSTS.computeIfAbsent(name, Host::new);
    }

    @Override
    public ConnectionFactory create(ConnectionFactoryOptions options) {
        return host(String.valueOf(options.getValue(ConnectionFactoryOptions.HOST)));
    }

    @Override
    public boolean supports(ConnectionFactoryOptions options) {
        return getDriver().equals(options.getValue(ConnectionFactoryOptions.DRIVER));
    }

    @Override
    public String getDriver() {
        return "shaky";
    }

    /** A host whose connects stand still until somebody lets them go on, or fails them. */
    static final class Host implements ConnectionFactory {

        private final String name;
        private final ConnectionFactory h2 = ConnectionFactories.get("r2dbc:h2:mem:///shaky");
        private final Queue<Sinks.Empty<Void>> pending = new ConcurrentLinkedQueue<>();
        private final AtomicInteger attempts = new AtomicInteger();
        private final AtomicInteger current = new AtomicInteger();
        private final AtomicInteger peak = new AtomicInteger();
        private volatile boolean isUp;

        private Host(String name) {
            this.name = name;
        }

        ConnectionDefinition definition(String connectionName) {
            return ConnectionDefinition.of(
                    connectionName, "r2dbc:shaky://app:hush-shaky@" + name + ":1/" + connectionName);
        }

        String address() {
            return name + ":1";
        }

        /** From now on everybody is answered at once. */
        void up() {
            isUp = true;
            while (!pending.isEmpty()) {
                succeed();
            }
        }

        void succeed() {
            pending.remove().tryEmitEmpty();
        }

        void fail() {
            fail(new IOException("Connection refused"));
        }

        void fail(Throwable failure) {
            pending.remove().tryEmitError(failure);
        }

        void failAll() {
            while (!pending.isEmpty()) {
                fail();
            }
        }

        int pending() {
            return pending.size();
        }

        int attempts() {
            return attempts.get();
        }

        /** The most connects at one moment. */
        int peak() {
            return peak.get();
        }

        @Override
        public Publisher<? extends Connection> create() {
            return Mono.defer(() -> {
                Sinks.Empty<Void> answer = Sinks.empty();
                attempts.incrementAndGet();
                peak.accumulateAndGet(current.incrementAndGet(), Math::max);
                if (isUp) {
                    answer.tryEmitEmpty();
                } else {
                    pending.add(answer);
                }
                return answer.asMono()
                        .doOnTerminate(current::decrementAndGet)
                        .then(Mono.defer(() -> Mono.<Connection>from(h2.create())));
            });
        }

        @Override
        public ConnectionFactoryMetadata getMetadata() {
            return h2.getMetadata();
        }
    }
}
