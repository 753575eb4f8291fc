package dev.switchboard.routing;

/**
 * SQL about one entity, led to where an {@link EntityRouter} says that it lives: what reads to the read name, what writes to the
 * write name. Which of them a statement does is said by the method and not guessed from its text. Thread-safe; from
 * {@link SqlClient#forEntity(Class)}.
 *
 * <pre>{@code EntityClient customers = db.forEntity(Customer.class);
 * customers.query("SELECT id, name FROM customer").map(Customer.class).all();
 * customers.update("DELETE FROM customer WHERE id = :id").bind("id", 7).rowsUpdated();}</pre>
 *
 * <p>Inside of a transaction all of them run where the transaction is. The first statement of a transaction whose scope names no
 * entity decides; one about an entity that lives elsewhere is a {@link RouteConflictException} then.
 */
public final class EntityClient {

    private final SqlClient client;
    private final EntityKey entity;

    EntityClient(SqlClient client, EntityKey entity) {
        this.client = client;
        this.entity = entity;
    }

    /**
     * Begins a statement that only reads: it goes to the read name, unless the scope says {@link Routing#readWrite()} or a transaction
     * is running.
     *
     * @param sql one SQL statement, as {@link SqlClient#sql(String)} takes it
     * @return the statement without values
     */
    public SqlStatement query(String sql) {
        return client.sql(sql).using(entity).using(EntityAccess.READS);
    }

    /**
     * Begins a statement that may write: it goes to the write name, inside of {@link Routing#readOnly()} too. Inside of
     * {@link Routing#preventWrites()} it stays where that leads, and is refused there.
     *
     * @param sql one SQL statement, as {@link SqlClient#sql(String)} takes it
     * @return the statement without values
     */
    public SqlStatement update(String sql) {
        return client.sql(sql).using(entity).using(EntityAccess.WRITES);
    }

    /**
     * Begins an insert of many rows, which goes to the write name as {@link #update(String)} does.
     *
     * @param table the table, as {@link SqlClient#insertInto(String...)} takes it
     * @return the insert without rows
     */
    public SqlInsert insertInto(String... table) {
        return client.insertInto(table).using(entity).using(EntityAccess.WRITES);
    }
}
