package dev.switchboard.jdbc;

import io.r2dbc.spi.Batch;
import io.r2dbc.spi.Result;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import org.reactivestreams.Publisher;

/** Scripts without parameters, run in the order in which they were added. */
final class JdbcBatch implements Batch {
    private static final Script NO_PARAMETERS = new Script("", List.of(), new BitSet(), Map.of());

    private final CommandQueue queue;
    private final int fetchSize;
    private final List<SqlCommand> commands = new ArrayList<>();

    JdbcBatch(CommandQueue queue, int fetchSize) {
        this.queue = queue;
        this.fetchSize = fetchSize;
    }

    @Override
    public Batch add(String sql) {
        Script script = queue.product().parse(Arguments.requireNonNull(sql, "The SQL of a batch"));
        if (script.parameterCount() > 0) {
            throw new IllegalArgumentException("A batch has no values to bind, but [" + sql
                    + "] has parameters; use a statement with bind(..) and add().");
        }
        commands.addAll(script.commands());
        return this;
    }

    @Override
    public Publisher<? extends Result> execute() {
        return new ExecutionFlux(queue, List.copyOf(commands), new Bindings(NO_PARAMETERS), fetchSize);
    }
}
