package dev.switchboard.core;

import io.r2dbc.spi.Connection;
import io.r2dbc.spi.Result;
import io.r2dbc.spi.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.UnaryOperator;
import reactor.core.publisher.Flux;

/**
 * Records what is asked of it and replays it on a statement of the driver, once per subscription. Arguments that are wrong
 * with every driver are refused at once, the rest by the driver when the statement runs.
 */
final class HandleStatement implements Statement {

    private final ConnectionHandle handle;
    private final String sql;
    private final List<UnaryOperator<Statement>> recorded = new ArrayList<>();

    HandleStatement(ConnectionHandle handle, String sql) {
        this.handle = handle;
        this.sql = sql;
    }

    private HandleStatement record(UnaryOperator<Statement> call) {
        recorded.add(call);
        return this;
    }

    private static void index(int index) {
        if (index < 0) {
            throw new IndexOutOfBoundsException("A parameter's index counts from 0, was " + index);
        }
    }

    private static <T> T present(T value, String name) {
        if (value == null) {
            throw new IllegalArgumentException(name + " must not be null; bind a null value with bindNull");
        }
        return value;
    }

    @Override
    public Statement add() {
        return record(Statement::add);
    }

    @Override
    public Statement bind(int index, Object value) {
        index(index);
        present(value, "value");
        return record(statement -> statement.bind(index, value));
    }

    @Override
    public Statement bind(String name, Object value) {
        present(name, "name");
        present(value, "value");
        return record(statement -> statement.bind(name, value));
    }

    @Override
    public Statement bindNull(int index, Class<?> type) {
        index(index);
        present(type, "type");
        return record(statement -> statement.bindNull(index, type));
    }

    @Override
    public Statement bindNull(String name, Class<?> type) {
        present(name, "name");
        present(type, "type");
        return record(statement -> statement.bindNull(name, type));
    }

    @Override
    public Statement returnGeneratedValues(String... columns) {
        present(columns, "columns");
        return record(statement -> statement.returnGeneratedValues(columns));
    }

    @Override
    public Statement fetchSize(int rows) {
        if (rows < 0) {
            throw new IllegalArgumentException("A fetch size must not be negative, was " + rows);
        }
        return record(statement -> statement.fetchSize(rows));
    }

    @Override
    public Flux<Result> execute() {
        List<UnaryOperator<Statement>> calls = List.copyOf(recorded);
        return handle.execute(
                new Command<>(sql, connection -> replayed(connection, calls).execute()));
    }

    private Statement replayed(Connection connection, List<UnaryOperator<Statement>> calls) {
        Statement statement = connection.createStatement(sql);
        for (UnaryOperator<Statement> call : calls) {
            statement = Objects.requireNonNull(call.apply(statement), "statement");
        }
        return statement;
    }

    @Override
    public String toString() {
        return "Statement[" + sql + "]";
    }
}
