package dev.switchboard.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.r2dbc.spi.R2dbcException;
import io.r2dbc.spi.R2dbcNonTransientException;
import io.r2dbc.spi.R2dbcNonTransientResourceException;
import io.r2dbc.spi.R2dbcPermissionDeniedException;
import io.r2dbc.spi.R2dbcRollbackException;
import io.r2dbc.spi.R2dbcTimeoutException;
import io.r2dbc.spi.R2dbcTransientResourceException;
import java.io.IOException;
import java.lang.reflect.Modifier;
import java.net.ConnectException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Reads every message aloud. A new public error class fails here until its message stands below. */
class ErrorMessagesTests {

    private static final String SECRET = "hunter2";

    record Spoken(R2dbcException error, Class<?> superclass, String message, Map<String, Object> facts) {

        @Override
        public String toString() {
            return error.getClass().getSimpleName();
        }
    }

    static Stream<Spoken> all() {
        return Stream.of(
                        aboutTheRegistry(),
                        aboutTheConfiguration(),
                        aboutThePool(),
                        aboutWaiting(),
                        BudgetErrors.spoken(),
                        StatementErrors.spoken(),
                        aboutOverrides(),
                        aboutConnecting(),
                        aboutStatements(),
                        aboutTheHandle(),
                        aboutTransactions())
                .flatMap(List::stream);
    }

    private static List<Spoken> aboutTheRegistry() {
        return List.of(
                new Spoken(
                        new UnknownConnectionException("ordrs", List.of("orders", "orders_eu")),
                        R2dbcNonTransientException.class,
                        "Connection 'ordrs' is not registered. Registered names that look like it: 'orders', 'orders_eu'."
                                + " Correct the name, or register it with register(..).",
                        Map.of("connectionName", "ordrs", "nearMisses", List.of("orders", "orders_eu"))),
                new Spoken(
                        new DuplicateConnectionException("orders"),
                        R2dbcNonTransientException.class,
                        "Connection 'orders' is registered already. A name stands for one definition. Call replace(..) to"
                                + " move it to another database, or registerIfAbsent(..) to keep the one that is there.",
                        Map.of("connectionName", "orders")),
                new Spoken(
                        new InvalidDefinitionException("orders", "the port is 0", "1 to 65535", "Correct the port"),
                        R2dbcNonTransientException.class,
                        "Connection 'orders' cannot be defined: the port is 0. Allowed: 1 to 65535. Correct the port.",
                        Map.of("connectionName", "orders", "found", "the port is 0", "allowed", "1 to 65535")),
                new Spoken(
                        new DefaultConnectionException("orders"),
                        R2dbcNonTransientException.class,
                        "Connection 'orders' is the default and was not unregistered. Make another one the default with"
                                + " defaultConnection(name), or none with noDefaultConnection(), then unregister it"
                                + " again.",
                        Map.of("connectionName", "orders")),
                new Spoken(
                        new ConnectionDrainingException("orders"),
                        R2dbcNonTransientResourceException.class,
                        "Connection 'orders' is draining: it was unregistered and takes no new borrowers."
                                + " Trying again helps only once the name is registered again.",
                        Map.of("connectionName", "orders")),
                new Spoken(
                        new RegistryClosedException(),
                        R2dbcNonTransientResourceException.class,
                        "The connection registry is closed and hands out no connections any more. Create a new registry,"
                                + " or close this one only after its last user has finished.",
                        Map.of()));
    }

    private static List<Spoken> aboutTheConfiguration() {
        return List.of(new Spoken(
                new InvalidConfigurationException(List.of("a: b. Allowed: c. Do d.", "e: f. Allowed: g. Do h.")),
                R2dbcNonTransientException.class,
                "The configuration cannot be used for 2 reasons: (1) a: b. Allowed: c. Do d. (2) e: f. Allowed: g. Do"
                        + " h.",
                Map.of("problems", List.of("a: b. Allowed: c. Do d.", "e: f. Allowed: g. Do h."))));
    }

    private static List<Spoken> aboutThePool() {
        return List.of(
                new Spoken(
                        new DriverNotFoundException(
                                "orders", "mysql", "io.asyncer:r2dbc-mysql", List.of("h2", "sqlite")),
                        R2dbcNonTransientException.class,
                        "Connection 'orders' needs the R2DBC driver 'mysql', which is not on the class path. Drivers"
                                + " found: h2, sqlite. Add the Maven artifact io.asyncer:r2dbc-mysql.",
                        Map.of(
                                "connectionName", "orders",
                                "driver", "mysql",
                                "artifact", "io.asyncer:r2dbc-mysql",
                                "available", List.of("h2", "sqlite"))),
                new Spoken(
                        new ValidationFailedException("orders", driverError()),
                        R2dbcTransientResourceException.class,
                        "Connection 'orders': a pooled connection did not pass its validation and was closed. A retry"
                                + " takes another one; if this goes on, check the server, the network and"
                                + " validationTimeout of its PoolOptions.",
                        Map.of("connectionName", "orders", "cause", "R2dbcNonTransientResourceException")));
    }

    private static List<Spoken> aboutWaiting() {
        return List.of(
                new Spoken(
                        new AcquireTimeoutException(
                                "orders", Duration.ofMillis(1500), new PoolCounts(10, 1, 2, 25, 13)),
                        R2dbcTimeoutException.class,
                        "Connection 'orders': no connection became free within 1.5 s (in use 10, idle 1, opening 2,"
                                + " waiting 25, max 13). Hold connections for a shorter time, or raise maxSize or"
                                + " acquireTimeout of its PoolOptions.",
                        Map.of(
                                "connectionName", "orders",
                                "waited", Duration.ofMillis(1500),
                                "inUse", 10,
                                "idle", 1,
                                "opening", 2,
                                "waiting", 25,
                                "max", 13)),
                new Spoken(
                        new WaitingQueueFullException("orders", new PoolCounts(10, 0, 3, 25, 13), 25),
                        R2dbcTransientResourceException.class,
                        "Connection 'orders': all connections are taken and 25 borrowers wait already, of 25 that may (in use"
                                + " 10, opening 3, max 13). This one did not wait. Try again later, hold connections for a"
                                + " shorter time, or raise maxSize or maxWaiting of its PoolOptions.",
                        Map.of(
                                "connectionName", "orders",
                                "inUse", 10,
                                "opening", 3,
                                "waiting", 25,
                                "max", 13,
                                "maxWaiting", 25)),
                new Spoken(
                        new DirectoryTimeoutException("acme", Duration.ofSeconds(5)),
                        R2dbcTimeoutException.class,
                        "Connection 'acme' is not registered, and the connection directory did not answer within 5 s."
                                + " Nothing is remembered of it: try again, look at what the directory waits for, or raise"
                                + " lookupTimeout of its DirectoryOptions.",
                        Map.of("connectionName", "acme", "waited", Duration.ofSeconds(5))));
    }

    private static List<Spoken> aboutStatements() {
        return List.of(
                new Spoken(
                        new StatementTimeoutException(
                                "orders", "SELECT * FROM huge", Duration.ofSeconds(3), driverError()),
                        R2dbcTimeoutException.class,
                        "Connection 'orders': the server stopped a statement after its time-out of 3 s: [SELECT * FROM huge]."
                                + " Make it faster, or allow it longer with setStatementTimeout(..), or with"
                                + " statementTimeout of its settings.",
                        Map.of(
                                "connectionName", "orders",
                                "sql", "SELECT * FROM huge",
                                "limit", Duration.ofSeconds(3),
                                "cause", "R2dbcNonTransientResourceException")),
                new Spoken(
                        new WrongConnectionTypeException("orders", "org.example.Wanted", "org.example.Found"),
                        R2dbcNonTransientException.class,
                        "Connection 'orders': its driver's connection is a org.example.Found and not a org.example.Wanted."
                                + " Ask for the type that it is, or for a connection of the other product.",
                        Map.of(
                                "connectionName", "orders",
                                "wanted", "org.example.Wanted",
                                "found", "org.example.Found")));
    }

    private static List<Spoken> aboutOverrides() {
        ConnectionOverride override = ConnectionOverride.builder()
                .database("shard02")
                .credentials("root", SECRET)
                .build();
        return List.of(
                new Spoken(
                        new OverrideRefusedException(
                                "orders", override, "it is not allowed", "nothing", "Leave it out"),
                        R2dbcNonTransientException.class,
                        "Connection 'orders' cannot be used with the override [database=shard02, other credentials]: it is"
                                + " not allowed. Allowed: nothing. Leave it out.",
                        Map.of(
                                "connectionName", "orders",
                                "override", "[database=shard02, other credentials]",
                                "found", "it is not allowed",
                                "allowed", "nothing")),
                new Spoken(
                        new OverridePoolsBusyException("orders", override, Duration.ofSeconds(30), 16),
                        R2dbcTimeoutException.class,
                        "Connection 'orders': no pool for the override [database=shard02, other credentials] could be"
                                + " opened within 30 s, since all 16 pools for overrides were in use. Hold connections for"
                                + " a shorter time, or raise maxPools with withOverrides(..) of its definition.",
                        Map.of(
                                "connectionName",
                                "orders",
                                "override",
                                "[database=shard02, other credentials]",
                                "waited",
                                Duration.ofSeconds(30),
                                "maxPools",
                                16)));
    }

    private static List<Spoken> aboutConnecting() {
        return List.of(
                new Spoken(
                        new AuthenticationRefusedException("orders", "app", driverError()),
                        R2dbcPermissionDeniedException.class,
                        "Connection 'orders': the server refused to log in the user 'app'. Check the password, and that"
                                + " this user may log in to this database from this host.",
                        Map.of(
                                "connectionName", "orders",
                                "user", "app",
                                "cause", "R2dbcNonTransientResourceException")),
                new Spoken(
                        new CannotConnectException(
                                "orders",
                                "r2dbc:postgresql://app:" + SECRET + "@db.example:5432",
                                new IllegalStateException(new ConnectException("refused"))),
                        R2dbcTransientResourceException.class,
                        "Connection 'orders': cannot connect to db.example:5432 (ConnectException). Check that it is"
                                + " running and can be reached from here, and the address in its definition.",
                        Map.of("connectionName", "orders", "where", "db.example:5432", "cause", "ConnectException")),
                new Spoken(
                        new TlsFailedException(
                                "orders",
                                "app:" + SECRET + "@db.example:5432",
                                "it does not offer TLS",
                                "Switch TLS on in the server",
                                driverError()),
                        R2dbcNonTransientResourceException.class,
                        "Connection 'orders': no connection to db.example:5432, since it does not offer TLS. Switch TLS on"
                                + " in the server.",
                        Map.of(
                                "connectionName", "orders",
                                "where", "db.example:5432",
                                "found", "it does not offer TLS",
                                "cause", "R2dbcNonTransientResourceException")),
                new Spoken(
                        new PasswordUnavailableException("orders", new IllegalStateException(SECRET)),
                        R2dbcTransientResourceException.class,
                        "Connection 'orders': its password supplier gave no password (IllegalStateException). It has to"
                                + " give one text within the createTimeout of its PoolOptions; the cause says what it did"
                                + " instead.",
                        Map.of("connectionName", "orders", "cause", "IllegalStateException")));
    }

    private static List<Spoken> aboutTheHandle() {
        return List.of(new Spoken(
                new ConnectionReleasedException("orders", "createStatement"),
                R2dbcNonTransientResourceException.class,
                "Connection 'orders': createStatement was asked of a connection that is closed already; nothing"
                        + " reached the database. Take a new connection, and keep all its work inside"
                        + " Flux.usingWhen(..).",
                Map.of("connectionName", "orders", "operation", "createStatement")));
    }

    private static List<Spoken> aboutTransactions() {
        return List.of(
                new Spoken(
                        new TransactionStateException(
                                "orders", "a transaction is open already", "Use a savepoint, or another connection"),
                        R2dbcNonTransientException.class,
                        "Connection 'orders': a transaction is open already. Use a savepoint, or another connection.",
                        Map.of("connectionName", "orders", "found", "a transaction is open already")),
                new Spoken(
                        new TransactionLostException("orders", "SELECT * FROM huge", Duration.ofSeconds(10)),
                        R2dbcRollbackException.class,
                        "Connection 'orders': the transaction is lost and nothing of it is kept. A cancelled statement was"
                                + " still sending rows after 10 s of draining, and stopping it ended the transaction:"
                                + " [SELECT * FROM huge]. Run the transaction again, and end such a statement with LIMIT"
                                + " or give it a fetchSize.",
                        Map.of(
                                "connectionName", "orders",
                                "abandonedSql", "SELECT * FROM huge",
                                "drained", Duration.ofSeconds(10))),
                new Spoken(
                        new OutcomeUnknownException("orders", driverError()),
                        R2dbcNonTransientResourceException.class,
                        "Connection 'orders': the connection was lost during the commit. The transaction may or may not"
                                + " have been committed; it is not retried. Read the data to find out, and make the"
                                + " operation safe to repeat before repeating it.",
                        Map.of("connectionName", "orders", "cause", "R2dbcNonTransientResourceException")),
                new Spoken(
                        new UnsupportedFeatureException(
                                "orders", "the MariaDB driver", "setLockWaitTimeout", "Set innodb_lock_wait_timeout"),
                        R2dbcNonTransientException.class,
                        "Connection 'orders': the MariaDB driver does not support setLockWaitTimeout and would ignore it."
                                + " Set innodb_lock_wait_timeout.",
                        Map.of(
                                "connectionName", "orders",
                                "product", "the MariaDB driver",
                                "feature", "setLockWaitTimeout")));
    }

    private static R2dbcException driverError() {
        return new R2dbcNonTransientResourceException("the driver quotes " + SECRET, "28P01", 1045);
    }

    @ParameterizedTest
    @MethodSource("all")
    void theMessageSaysWhatWasFoundWhatIsAllowedAndWhatToDoNext(Spoken spoken) {
        assertThat(spoken.error()).hasMessage(spoken.message());
    }

    @ParameterizedTest
    @MethodSource("all")
    void theSuperclassAnswersWhetherARetryCanHelp(Spoken spoken) {
        assertThat(spoken.error().getClass().getSuperclass()).isEqualTo(spoken.superclass());
        assertThat(Modifier.isFinal(spoken.error().getClass().getModifiers())).isTrue();
    }

    @ParameterizedTest
    @MethodSource("all")
    void theFactsAreThoseOfTheMessage(Spoken spoken) {
        SwitchboardError error = (SwitchboardError) spoken.error();
        assertThat(error.facts()).containsExactlyInAnyOrderEntriesOf(spoken.facts());
        assertThat(error.connectionName()).isEqualTo(spoken.facts().get("connectionName"));
        assertThatThrownBy(() -> error.facts().put("more", "facts")).isInstanceOf(UnsupportedOperationException.class);
    }

    @ParameterizedTest
    @MethodSource("all")
    void noSecretIsShown(Spoken spoken) {
        assertThat(spoken.error().toString()).doesNotContain(SECRET);
        assertThat(((SwitchboardError) spoken.error()).facts().toString()).doesNotContain(SECRET);
    }

    @ParameterizedTest
    @MethodSource("all")
    void theCodesAreThoseOfTheDriverOrNone(Spoken spoken) {
        boolean hasDriverError = spoken.error().getCause() instanceof R2dbcException;
        assertThat(spoken.error().getSqlState()).isEqualTo(hasDriverError ? "28P01" : null);
        assertThat(spoken.error().getErrorCode()).isEqualTo(hasDriverError ? 1045 : 0);
    }

    @Test
    void everyPublicErrorIsReadHere() throws Exception {
        Path classes = Path.of(SwitchboardError.class
                .getProtectionDomain()
                .getCodeSource()
                .getLocation()
                .toURI());
        assertThat(all().map(spoken -> spoken.error().getClass().getName()).distinct())
                .containsExactlyInAnyOrderElementsOf(publicErrors(classes.resolve("dev/switchboard/core")));
    }

    private static List<String> publicErrors(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(file -> file.getFileName().toString())
                    .filter(file -> file.endsWith(".class") && !file.equals("package-info.class"))
                    .map(file -> "dev.switchboard.core." + file.substring(0, file.length() - ".class".length()))
                    .filter(ErrorMessagesTests::isPublicThrowable)
                    .toList();
        }
    }

    private static boolean isPublicThrowable(String className) {
        try {
            Class<?> type = Class.forName(className, false, ErrorMessagesTests.class.getClassLoader());
            return Throwable.class.isAssignableFrom(type) && Modifier.isPublic(type.getModifiers());
        } catch (ClassNotFoundException missing) {
            throw new IllegalStateException(missing);
        }
    }
}
