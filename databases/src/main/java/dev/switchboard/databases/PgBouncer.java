package dev.switchboard.databases;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * PgBouncer in transaction mode in front of the PostgreSQL server that this JVM shares, where the machine has the program
 * {@code pgbouncer}.
 */
public final class PgBouncer implements AutoCloseable {
    private final int port;
    private final ServerProcess process;

    private PgBouncer(int port, ServerProcess process) {
        this.port = port;
        this.process = process;
    }

    /**
     * Whether there is one on this machine: on the path, or where packages put it.
     *
     * @return whether {@link #start} can start it
     */
    public static boolean isThere() {
        return program().isPresent();
    }

    /**
     * Starts one. It takes connections to every database of the server, for the account of the tests.
     *
     * @param serverConnections how many connections to the server it keeps for each database
     * @return one that takes connections
     */
    public static PgBouncer start(int serverConnections) {
        try {
            return started(serverConnections);
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }

    private static PgBouncer started(int serverConnections) throws IOException {
        Path binary = program().orElseThrow(() -> new IllegalStateException("There is no pgbouncer on this machine"));
        DatabaseServer server = Databases.server(Product.POSTGRESQL);
        List<String> prefix = SystemUser.prefixForPlainUser();
        Path folder = MachineFolder.ofThisUser().newInstance(Product.POSTGRESQL);
        int port = Ports.free();
        Files.writeString(folder.resolve("users.txt"), "\"%s\" \"%s\"%n".formatted(server.user(), server.password()));
        Files.writeString(folder.resolve("pgbouncer.ini"), """
                [databases]
                * = host=%s port=%d
                [pgbouncer]
                listen_addr = 127.0.0.1
                listen_port = %d
                unix_socket_dir =
                auth_type = scram-sha-256
                auth_file = %s/users.txt
                pool_mode = transaction
                default_pool_size = %d
                max_client_conn = 200
                ignore_startup_parameters = extra_float_digits
                """.formatted(
                        server.host(), server.port(), port, folder, serverConnections));
        SystemUser.handOver(folder, prefix);
        List<String> command = new ArrayList<>(prefix);
        command.addAll(List.of(binary.toString(), folder + "/pgbouncer.ini"));
        return new PgBouncer(port, ServerProcess.start(new Launch(folder, new Program(command), port)));
    }

    /** Debian puts it where only an administrator's path leads. */
    private static Optional<Path> program() {
        String path = System.getenv().getOrDefault("PATH", "") + File.pathSeparator + "/usr/sbin";
        return Stream.of(path.split(File.pathSeparator))
                .filter(folder -> !folder.isBlank())
                .map(folder -> Path.of(folder, "pgbouncer"))
                .filter(Files::isExecutable)
                .findFirst();
    }

    /**
     * The port of 127.0.0.1 where it listens.
     *
     * @return the port, which a restart keeps
     */
    public int port() {
        return port;
    }

    /** Ends it with SIGKILL, as a crash would. */
    public void kill() {
        process.kill();
    }

    /** Starts it again on the same port. */
    public void restart() {
        process.restart();
    }

    /** Ends it and deletes its files. */
    @Override
    public void close() {
        process.close();
    }

    private record Launch(Path folder, Program program, int port) implements ServerLaunch {
        @Override
        public String endSignal() {
            return "TERM";
        }

        @Override
        public boolean ready() throws IOException {
            try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
                return socket.isConnected();
            } catch (ConnectException tooEarly) {
                return false;
            }
        }

        @Override
        public void beforeRestart() {
            // It keeps nothing.
        }
    }
}
