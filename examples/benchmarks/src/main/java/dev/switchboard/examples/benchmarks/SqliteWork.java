package dev.switchboard.examples.benchmarks;

import java.nio.file.Path;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** What is measured: the same four things on sqlite-jdbc and on the bridge, on one file. */
final class SqliteWork implements AutoCloseable {
    static final List<String> TABLES = List.of(
            "CREATE TABLE IF NOT EXISTS customer (id INTEGER PRIMARY KEY, name TEXT NOT NULL, age INTEGER NOT NULL)",
            "CREATE TABLE IF NOT EXISTS fresh (id INTEGER PRIMARY KEY, name TEXT NOT NULL, age INTEGER NOT NULL)");
    static final String BY_KEY = "SELECT id, name, age FROM customer WHERE id = ?";
    static final String ALL = "SELECT id, name, age FROM customer";
    static final String INSERT = "INSERT INTO fresh (id, name, age) VALUES (?, ?, ?)";

    private final int cores = Runtime.getRuntime().availableProcessors();
    private final Path file;
    private final int rows;
    private final int selects;
    private final int inserts;
    private final ExecutorService threads = Executors.newFixedThreadPool(cores);
    private final List<DirectSqlite> direct = new ArrayList<>();
    private final List<BridgedSqlite> bridged = new ArrayList<>();

    SqliteWork(Plan plan, Path folder) throws SQLException {
        rows = plan.size(1_000_000);
        selects = plan.size(100_000);
        inserts = plan.size(100_000);
        file = folder.resolve("work.db");
        open();
        direct.get(0).fill(rows);
    }

    /**
     * Opens all connections anew. While the JVM compiles what has become hot, it may turn the lock that the driver has for each
     * connection into one that costs several times as much, for as long as a minute; a connection of the next round has a
     * new one. That hits one way or the other by chance, and says nothing about either.
     */
    void open() throws SQLException {
        closeConnections();
        for (int core = 0; core < cores; core++) {
            direct.add(new DirectSqlite(file));
            bridged.add(new BridgedSqlite(file));
        }
    }

    List<Measurement> measurements() {
        return List.of(
                new Measurement(
                        "point select by key, one chain",
                        0.5,
                        selects,
                        "queries",
                        () -> direct.get(0).selectByKey(selects, rows, 0),
                        () -> await(bridged.get(0).selectByKey(selects, rows, 0))),
                new Measurement(
                        "point select by key, a chain for each core",
                        0.85,
                        selects * cores,
                        "queries",
                        this::selectOnAllThreads,
                        () -> await(Flux.range(0, cores)
                                .flatMap(core -> bridged.get(core).selectByKey(selects, rows, core), cores)
                                .reduce(0L, Long::sum))),
                new Measurement(
                        "streaming " + rows + " rows",
                        0.8,
                        rows,
                        "rows",
                        () -> direct.get(0).readAll(),
                        () -> await(bridged.get(0).readAll())),
                new Measurement(
                        "insert of " + inserts + " rows in one transaction",
                        0.85,
                        inserts,
                        "rows",
                        () -> direct.get(0).insert(inserts),
                        () -> await(bridged.get(0).insert(inserts))));
    }

    private long selectOnAllThreads() throws Exception {
        List<Future<Long>> sums = new ArrayList<>();
        for (int core = 0; core < cores; core++) {
            int seed = core;
            sums.add(threads.submit(() -> direct.get(seed).selectByKey(selects, rows, seed)));
        }
        long sum = 0;
        for (Future<Long> each : sums) {
            sum += each.get();
        }
        return sum;
    }

    private static long await(Mono<Long> work) {
        return Objects.requireNonNull(work.block());
    }

    @Override
    public void close() throws SQLException {
        threads.shutdown();
        closeConnections();
    }

    private void closeConnections() throws SQLException {
        for (DirectSqlite each : direct) {
            each.close();
        }
        direct.clear();
        bridged.forEach(BridgedSqlite::close);
        bridged.clear();
    }
}
