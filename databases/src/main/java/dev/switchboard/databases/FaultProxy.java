package dev.switchboard.databases;

import io.netty.channel.ChannelOption;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import reactor.netty.Connection;
import reactor.netty.DisposableServer;
import reactor.netty.resources.ConnectionProvider;
import reactor.netty.resources.LoopResources;
import reactor.netty.tcp.TcpClient;
import reactor.netty.tcp.TcpServer;

/**
 * A TCP proxy in front of a server that makes the network fail when told to. It listens on 127.0.0.1 and works on a
 * thread of its own; every method may be called from any thread, and a fault holds for the connections that are open
 * and for those to come.
 */
public final class FaultProxy implements AutoCloseable {
    private static final LoopResources LOOP = LoopResources.create("fault-proxy", 1, true);

    private final TcpClient target;
    private final int port;
    private final Faults faults = new Faults(this::cut);
    private final Set<ProxiedConnection> connections = ConcurrentHashMap.newKeySet();
    private volatile Runnable whenConnected = () -> {};
    private DisposableServer server;

    /**
     * Starts to listen.
     *
     * @param host where the server is
     * @param port where the server listens
     */
    public FaultProxy(String host, int port) {
        this.target = TcpClient.create(ConnectionProvider.newConnection())
                .runOn(LOOP)
                .host(host)
                .port(port);
        this.port = freePort();
        this.server = listen();
    }

    /**
     * The port to connect to instead of the server's.
     *
     * @return a port of 127.0.0.1
     */
    public int port() {
        return port;
    }

    /** Lets bytes pass no longer, in both directions; all sockets stay open and new connections are accepted. */
    public void stall() {
        faults.stall();
    }

    /** Ends a stall: everything that waited goes on its way, in order. */
    public void resume() {
        faults.resume();
    }

    /**
     * Makes the way longer.
     *
     * @param delay how much later every byte arrives, in each of the two directions; zero for no delay
     */
    public void delay(Duration delay) {
        faults.delay(delay);
    }

    /** Closes every connection, to both sides, the orderly way (FIN). */
    public void cut() {
        connections.forEach(ProxiedConnection::close);
    }

    /** Closes every connection, to both sides, the rude way (RST). */
    public void reset() {
        connections.forEach(ProxiedConnection::reset);
    }

    /**
     * Closes every connection as soon as the server has sent some more bytes, in the middle of an answer perhaps.
     *
     * @param bytes how many bytes still reach the clients, all connections together
     */
    public void cutAfter(long bytes) {
        faults.cutAfter(bytes);
    }

    /** Closes the port and every connection: whoever connects is refused. */
    public synchronized void refuse() {
        server.disposeNow();
        cut();
    }

    /** Opens the port again after {@link #refuse()}; does nothing when it is open. */
    public synchronized void accept() {
        if (server.isDisposed()) {
            server = listen();
        }
    }

    /**
     * Counts whoever connects, also while the server is down.
     *
     * @param told called for each client that connects from now on, before it is connected to the server; must not block
     */
    public void whenConnected(Runnable told) {
        whenConnected = told;
    }

    /**
     * How many clients are connected.
     *
     * @return connections that are open on the side of the clients
     */
    public int connections() {
        return connections.size();
    }

    /** Closes the port and every connection, for good. */
    @Override
    public synchronized void close() {
        refuse();
        faults.resume();
    }

    private DisposableServer listen() {
        return TcpServer.create()
                .runOn(LOOP)
                .host("127.0.0.1")
                .port(port)
                .option(ChannelOption.SO_REUSEADDR, true)
                .doOnConnection(this::connected)
                .bindNow();
    }

    private void connected(Connection client) {
        whenConnected.run();
        ProxiedConnection connection = new ProxiedConnection(client, faults);
        connections.add(connection);
        client.onDispose(() -> connections.remove(connection));
        target.connect().flatMap(connection::relay).subscribe(client.disposeSubscriber());
    }

    private static int freePort() {
        try {
            return Ports.free();
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }
}
