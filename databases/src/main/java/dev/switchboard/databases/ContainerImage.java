package dev.switchboard.databases;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * A Docker image of a server and how it is used.
 *
 * @param name the image with its tag
 * @param port where the server listens inside the container
 * @param environment what the image's first start reads
 * @param command the server program and what stands before each of its settings
 * @param settings the settings of every instance
 */
record ContainerImage(String name, int port, Map<String, String> environment, Command command, List<String> settings) {
    private static final List<String> MYSQL_SETTINGS = List.of(
            "skip-ssl",
            "skip-name-resolve",
            "max_connections=300",
            "innodb_flush_log_at_trx_commit=0",
            "default_time_zone=+00:00");

    /**
     * The way a server is called.
     *
     * @param program the program
     * @param settingPrefix what stands directly before a setting
     */
    record Command(String program, String settingPrefix) {}

    static ContainerImage of(Product product) {
        return switch (product) {
            case POSTGRESQL ->
                new ContainerImage(
                        "postgres:17",
                        product.standardPort(),
                        Map.of("POSTGRES_PASSWORD", Account.PASSWORD),
                        new Command("postgres", "-c "),
                        List.of(
                                "max_connections=200",
                                "max_prepared_transactions=50",
                                "wal_level=logical",
                                "fsync=off",
                                "full_page_writes=off",
                                "timezone=UTC"));
            case MYSQL ->
                new ContainerImage(
                        "mysql:8.0",
                        product.standardPort(),
                        Map.of("MYSQL_ROOT_PASSWORD", Account.PASSWORD),
                        new Command("mysqld", "--"),
                        and("default_authentication_plugin=mysql_native_password", MYSQL_SETTINGS));
            case MARIADB ->
                new ContainerImage(
                        "mariadb:11.4",
                        product.standardPort(),
                        Map.of("MARIADB_ROOT_PASSWORD", Account.PASSWORD),
                        new Command("mariadbd", "--"),
                        MYSQL_SETTINGS);
            case SQLITE, H2 -> throw new IllegalArgumentException(product.productName() + " needs no container");
        };
    }

    /** The words of the command that starts the server with its own and these further settings. */
    String[] commandWith(List<String> further) {
        List<String> words = new ArrayList<>(List.of(command.program()));
        Stream.concat(settings.stream(), further.stream())
                .flatMap(setting -> Stream.of((command.settingPrefix() + setting).split(" ", 2)))
                .forEach(words::add);
        return words.toArray(String[]::new);
    }

    private static List<String> and(String setting, List<String> settings) {
        return Stream.concat(Stream.of(setting), settings.stream()).toList();
    }
}
