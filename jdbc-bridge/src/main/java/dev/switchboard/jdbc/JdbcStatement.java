package dev.switchboard.jdbc;

import io.r2dbc.spi.Parameter;
import io.r2dbc.spi.Result;
import io.r2dbc.spi.Statement;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;

/** Collects values on the caller's thread; touches JDBC only when its execution is subscribed to. */
final class JdbcStatement implements Statement {
    private final CommandQueue queue;
    private final Script script;
    private Bindings bindings;
    private String @Nullable [] generated;
    private int fetchSize;

    JdbcStatement(CommandQueue queue, Script script, int fetchSize) {
        this.queue = queue;
        this.script = script;
        this.fetchSize = fetchSize;
        this.bindings = new Bindings(script);
    }

    @Override
    public Statement add() {
        bindings.add();
        return this;
    }

    @Override
    public Statement bind(int index, Object value) {
        Arguments.requireNonNull(value, "A bound value (use bindNull)");
        script.requireIndex(index);
        bindings.bind(index, encoded(value));
        return this;
    }

    @Override
    public Statement bind(String name, Object value) {
        Arguments.requireNonNull(name, "The name of a parameter");
        Arguments.requireNonNull(value, "A bound value (use bindNull)");
        List<Integer> indexes = script.requireName(name);
        Object encoded = encoded(value);
        indexes.forEach(index -> bindings.bind(index, encoded));
        return this;
    }

    @Override
    public Statement bindNull(int index, Class<?> type) {
        queue.product().requireEncodable(Arguments.requireNonNull(type, "The type of a null"));
        bindings.bind(script.requireIndex(index), null);
        return this;
    }

    @Override
    public Statement bindNull(String name, Class<?> type) {
        Arguments.requireNonNull(name, "The name of a parameter");
        queue.product().requireEncodable(Arguments.requireNonNull(type, "The type of a null"));
        script.requireName(name).forEach(index -> bindings.bind(index, null));
        return this;
    }

    private @Nullable Object encoded(Object value) {
        Class<?> type = value.getClass();
        if (type == String.class || type == Integer.class || type == Long.class) {
            // They are none of the kinds below, and asking for each of those takes longer than all the rest.
            return queue.product().encode(value);
        }
        if (value instanceof Parameter.Out) {
            throw new IllegalArgumentException(
                    queue.product().name() + " has no procedures and so no out parameters; use Parameters.in(..)");
        }
        Object plain = value instanceof Parameter parameter ? parameter.getValue() : value;
        if (plain == null) {
            // Only a parameter can hold null.
            queue.product().requireEncodable(((Parameter) value).getType().getJavaType());
            return null;
        }
        return Lobs.isLob(plain) ? Lobs.read(plain) : queue.product().encode(plain);
    }

    @Override
    public Statement returnGeneratedValues(String... columns) {
        Arguments.requireNonNull(columns, "The columns of generated values");
        for (String column : columns) {
            Arguments.requireNonNull(column, "A column of generated values");
        }
        generated = columns.clone();
        return this;
    }

    @Override
    public Statement fetchSize(int rows) {
        if (rows < 0) {
            throw new IllegalArgumentException("The fetch size must not be negative: " + rows);
        }
        if (rows > 0) {
            fetchSize = rows;
        }
        return this;
    }

    /** Takes the values that are bound; the statement can be bound and executed again. */
    @Override
    public Publisher<? extends Result> execute() {
        Bindings bound = bindings.requireComplete();
        List<SqlCommand> commands = new ArrayList<>(script.commands().size());
        for (SqlCommand command : script.commands()) {
            commands.add(returning(command));
        }
        bindings = new Bindings(script);
        int batch = fetchSize;
        return bound.hasLobs()
                ? bound.withoutLobs().flatMapMany(read -> new ExecutionFlux(queue, commands, read, batch))
                : new ExecutionFlux(queue, commands, bound, batch);
    }

    private SqlCommand returning(SqlCommand command) {
        return generated == null || command.kind() != SqlCommand.Kind.WRITE
                ? command
                : queue.product().returningGenerated(command, generated);
    }
}
