package dev.switchboard.testing;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Inherited;
import java.lang.annotation.Repeatable;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * Gives a JUnit test class an empty database of its own, under a name. May be repeated, with a name each; the first one is
 * the default connection.
 *
 * <pre>
 * &#64;TestDatabase(name = "orders", product = TestProduct.POSTGRESQL)
 * &#64;TestDatabase(name = "audit")
 * class OrderTests {
 *     &#64;Test
 *     void aCustomerHasOrders(SqlClient db, &#64;TestDatabaseUrl("orders") String url) {
 * </pre>
 *
 * <p>Each test gets a registry of these databases, which is closed after it. A database on a server is made before the first
 * test of the class and dropped after its last one, whatever is still connected to it; SQLite in memory is made for each test.
 * A test method, its constructor excepted, may ask for a {@code ReactiveConnectionRegistry}, a
 * {@code RoutingConnectionFactory} or an {@code SqlClient} over it, and for URLs with {@link TestDatabaseUrl}.
 *
 * <p>The server is the one of the URL in JUnit's configuration parameter {@code switchboard.test.postgresql.url} (or {@code mysql}, {@code mariadb}) (a system
 * property does), or in the environment variable {@code SWITCHBOARD_TEST_POSTGRESQL_URL}. Its user must be allowed to create
 * databases. Without a URL, one container for all classes is started where Testcontainers is on the class path and a
 * Docker engine answers. Where there is neither, the class is skipped with a message that says so, or fails, if the
 * configuration parameter {@code switchboard.test.require} is {@code true}.
 */
@Documented
@Inherited
@Repeatable(TestDatabases.class)
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.TYPE)
@ExtendWith(TestDatabaseExtension.class)
public @interface TestDatabase {

    /** {@return the name in the registry} */
    String name() default "test";

    /** {@return what it is} */
    TestProduct product() default TestProduct.SQLITE;
}
