package dev.switchboard.databases;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelOption;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.netty.Connection;
import reactor.netty.NettyOutbound;

/** One client of the proxy and its connection to the server. When one side ends, so does the other. */
final class ProxiedConnection {
    private final Connection client;
    private final Faults faults;
    private final AtomicReference<@Nullable Connection> server = new AtomicReference<>();
    private volatile boolean resetting;

    ProxiedConnection(Connection client, Faults faults) {
        this.client = client;
        this.faults = faults;
    }

    /** Carries bytes both ways until one side ends; never fails. */
    Mono<Void> relay(Connection target) {
        server.set(target);
        if (resetting) {
            resetOnClose(target);
        }
        client.onDispose(target);
        Mono<Void> there = send(target.outbound(), faults.toServer(bytesOf(client)));
        Mono<Void> back = send(client.outbound(), faults.toClient(bytesOf(target)));
        return Mono.firstWithSignal(there.onErrorComplete(), back.onErrorComplete())
                .doFinally(signal -> close());
    }

    void close() {
        client.dispose();
        Connection target = server.get();
        if (target != null) {
            target.dispose();
        }
    }

    void reset() {
        // For a connection to the server that is only being made.
        resetting = true;
        resetOnClose(client);
        Connection target = server.get();
        if (target != null) {
            resetOnClose(target);
        }
        close();
    }

    private static void resetOnClose(Connection connection) {
        connection.channel().config().setOption(ChannelOption.SO_LINGER, 0);
    }

    /** Copies, so that bytes that are held back or thrown away need no release. */
    private static Flux<ByteBuf> bytesOf(Connection connection) {
        return connection.inbound().receive().map(Unpooled::copiedBuffer);
    }

    private static Mono<Void> send(NettyOutbound outbound, Flux<ByteBuf> bytes) {
        return outbound.send(bytes, flushEach -> true).then();
    }
}
