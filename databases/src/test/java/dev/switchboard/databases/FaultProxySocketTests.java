package dev.switchboard.databases;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What a fault of the proxy looks like on the bare socket of a client. */
@Timeout(value = 20, unit = TimeUnit.SECONDS)
class FaultProxySocketTests {
    private final ExecutorService speech = Executors.newSingleThreadExecutor();
    private ServerSocket port;
    private FaultProxy proxy;
    private Socket client;
    private Socket server;

    @BeforeEach
    void connect() throws IOException {
        port = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
        proxy = new FaultProxy("127.0.0.1", port.getLocalPort());
        client = new Socket(InetAddress.getLoopbackAddress(), proxy.port());
        server = port.accept();
    }

    @AfterEach
    void close() throws IOException {
        speech.shutdown();
        client.close();
        server.close();
        port.close();
        proxy.close();
    }

    @Test
    void aCutAfterSomeBytesLetsExactlyThoseThrough() throws Exception {
        proxy.cutAfter(100_001);
        Future<?> spoken = speech.submit(this::speak);
        assertThat(client.getInputStream().readAllBytes()).hasSize(100_001);
        spoken.get();
    }

    @Test
    void aCutIsAnOrderlyEnd() throws Exception {
        Waiting.until("the proxy is connected", () -> proxy.connections() == 1);
        proxy.cut();
        assertThat(client.getInputStream().read()).isEqualTo(-1);
        assertThat(server.getInputStream().read()).isEqualTo(-1);
    }

    @Test
    void aResetIsARudeEnd() throws Exception {
        proxy.reset();
        assertThatThrownBy(() -> client.getInputStream().read())
                .isInstanceOf(SocketException.class)
                .hasMessageContaining("reset");
        assertThatThrownBy(() -> server.getInputStream().read())
                .isInstanceOf(SocketException.class)
                .hasMessageContaining("reset");
    }

    @Test
    void theEndOfOneSideIsTheEndOfTheOther() throws Exception {
        client.close();
        assertThat(server.getInputStream().read()).isEqualTo(-1);
    }

    /** More than goes through, so the proxy's end may meet it in the middle of a word. */
    private void speak() {
        try {
            server.getOutputStream().write(new byte[300_000]);
        } catch (IOException cutOff) {
            assertThat(cutOff).isInstanceOf(SocketException.class);
        }
    }
}
