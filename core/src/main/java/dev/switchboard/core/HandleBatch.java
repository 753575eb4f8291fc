package dev.switchboard.core;

import io.r2dbc.spi.Batch;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.Result;
import java.util.ArrayList;
import java.util.List;
import reactor.core.publisher.Flux;

/** Records its statements and replays them on a batch of the driver, once per subscription. */
final class HandleBatch implements Batch {

    /** Ends a comment, so that one at the end of a statement does not hide the next statement. */
    private static final String SEPARATOR = ";\n";

    private final ConnectionHandle handle;
    private final List<String> statements = new ArrayList<>();

    HandleBatch(ConnectionHandle handle) {
        this.handle = handle;
    }

    @Override
    public Batch add(String sql) {
        if (sql == null) {
            throw new IllegalArgumentException("sql must not be null");
        }
        statements.add(sql);
        return this;
    }

    @Override
    public Flux<Result> execute() {
        List<String> batch = List.copyOf(statements);
        return handle.execute(new Command<>(
                String.join(SEPARATOR, batch),
                connection -> replayed(connection, batch).execute()));
    }

    private static Batch replayed(Connection connection, List<String> statements) {
        Batch batch = connection.createBatch();
        for (String sql : statements) {
            batch = batch.add(sql);
        }
        return batch;
    }
}
