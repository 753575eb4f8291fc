package dev.switchboard.databases;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.testcontainers.containers.GenericContainer;
import org.testcontainers.containers.wait.strategy.AbstractWaitStrategy;
import org.testcontainers.utility.DockerImageName;

/** A container with one server, on a port of the host that it keeps over restarts. */
final class DatabaseContainer implements ServerControl {
    private static final Duration LONGEST_START = Duration.ofMinutes(2);
    private static final Duration PAUSE = Duration.ofMillis(200);

    private final GenericContainer<?> container;
    private final int port;
    private @Nullable Administration administration;

    DatabaseContainer(Product product, ContainerImage image, List<String> settings) throws IOException {
        this.port = Ports.free();
        GenericContainer<?> created = new GenericContainer<>(DockerImageName.parse(image.name()))
                .withEnv(image.environment())
                .withCommand(image.commandWith(settings))
                .withLabel("switchboard.product", product.driver())
                .waitingFor(new NoWaiting());
        created.setPortBindings(List.of(port + ":" + image.port()));
        this.container = created;
    }

    String host() {
        return container.getHost();
    }

    int port() {
        return port;
    }

    void start(Administration asked) throws IOException {
        administration = asked;
        container.start();
        awaitReady(asked);
    }

    @Override
    public long processId() {
        return 0;
    }

    @Override
    public void kill() {
        if (container.isRunning()) {
            container
                    .getDockerClient()
                    .killContainerCmd(container.getContainerId())
                    .exec();
        }
    }

    @Override
    public void restart() {
        kill();
        container
                .getDockerClient()
                .startContainerCmd(container.getContainerId())
                .exec();
        try {
            if (administration != null) {
                awaitReady(administration);
            }
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }

    @Override
    public void close() {
        container.stop();
    }

    /** The images start a server of their own first, to prepare the data; only the real one answers on its port. */
    private void awaitReady(Administration asked) throws IOException {
        long deadline = System.nanoTime() + LONGEST_START.toNanos();
        while (true) {
            try {
                asked.query("SELECT 1");
                return;
            } catch (RuntimeException notYet) {
                if (System.nanoTime() > deadline || !container.isRunning()) {
                    throw new IOException(
                            "The server in the container does not answer: " + container.getLogs(), notYet);
                }
            }
            LockSupport.parkNanos(PAUSE.toNanos());
        }
    }

    /** Testcontainers' own ways to wait read logs or need a JDBC driver; a query is the better sign. */
    private static final class NoWaiting extends AbstractWaitStrategy {
        @Override
        protected void waitUntilReady() {
            // awaitReady does it, after a restart too.
        }
    }
}
