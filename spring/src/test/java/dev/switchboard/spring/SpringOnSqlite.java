package dev.switchboard.spring;

import dev.switchboard.databases.Database;
import dev.switchboard.databases.Databases;
import dev.switchboard.databases.Product;
import io.r2dbc.spi.ConnectionFactory;
import java.time.Duration;
import java.util.List;
import org.springframework.r2dbc.connection.R2dbcTransactionManager;
import org.springframework.r2dbc.core.DatabaseClient;
import org.springframework.transaction.TransactionDefinition;
import org.springframework.transaction.reactive.TransactionalOperator;
import org.springframework.transaction.support.DefaultTransactionDefinition;

/** A file with a table of notes, reached in one way, and what an application of Spring has over it. */
final class SpringOnSqlite implements AutoCloseable {

    static final Duration PATIENCE = Duration.ofSeconds(30);

    private final Database database = Databases.create(Product.SQLITE);
    private final Access.Opened opened;
    private final DatabaseClient client;
    private final R2dbcTransactionManager manager;

    SpringOnSqlite(Access access) {
        opened = access.open(database);
        client = DatabaseClient.create(opened.factory());
        manager = new R2dbcTransactionManager(opened.factory());
        execute("CREATE TABLE note (id INTEGER PRIMARY KEY, body TEXT NOT NULL)");
    }

    ConnectionFactory factory() {
        return opened.factory();
    }

    DatabaseClient client() {
        return client;
    }

    R2dbcTransactionManager manager() {
        return manager;
    }

    TransactionalOperator tx() {
        return TransactionalOperator.create(manager);
    }

    TransactionalOperator nested() {
        return TransactionalOperator.create(
                manager, new DefaultTransactionDefinition(TransactionDefinition.PROPAGATION_NESTED));
    }

    /** Waits for one statement; for setting up. */
    void execute(String sql) {
        client.sql(sql).then().block(PATIENCE);
    }

    void fill(int rows) {
        execute("INSERT INTO note WITH RECURSIVE n(id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM n WHERE id < " + rows
                + ") SELECT id, 'note ' || id FROM n");
    }

    List<Integer> ids() {
        List<Integer> ids = client.sql("SELECT id FROM note ORDER BY id")
                .mapValue(Integer.class)
                .all()
                .collectList()
                .block(PATIENCE);
        return ids == null ? List.of() : ids;
    }

    @Override
    public void close() {
        opened.close().block(PATIENCE);
        database.close();
    }
}
