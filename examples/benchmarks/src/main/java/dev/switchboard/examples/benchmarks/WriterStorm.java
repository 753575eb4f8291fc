package dev.switchboard.examples.benchmarks;

import dev.switchboard.core.ConnectionDefinition;
import dev.switchboard.core.ReactiveConnectionRegistry;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.ConnectionFactory;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** 64 connections that write one file at the same time, against one that writes as much alone; and who reads meanwhile. */
final class WriterStorm {
    private static final int WRITERS = 64;
    private static final String WRITE = "INSERT INTO fresh (name, age) VALUES (?, ?)";

    private final Plan plan;
    private final Path file;
    private final int rows;
    private final int each;
    private final List<Connection> writers = new ArrayList<>();

    WriterStorm(Plan plan, Path folder) {
        this.plan = plan;
        this.file = folder.resolve("storm.db");
        this.rows = plan.size(100_000);
        this.each = plan.size(200);
    }

    List<Row> rows() throws Exception {
        try (DirectSqlite direct = new DirectSqlite(file)) {
            direct.fill(rows);
        }
        try {
            List<Row> rows = new ArrayList<>();
            rows.add(throughOneName());
            rows.addAll(measure());
            return rows;
        } finally {
            close();
        }
    }

    /** The way of a program: the writers borrow a connection for each row, by a name of the registry. */
    private Row throughOneName() throws Exception {
        ReactiveConnectionRegistry registry =
                ReactiveConnectionRegistry.create().register(ConnectionDefinition.sqlite("storm", file));
        try {
            ConnectionFactory name = registry.connectionFactory("storm");
            int total = WRITERS * each;
            Measurement storm = new Measurement(
                    WRITERS + " writers of one name against one",
                    1.0,
                    total,
                    "inserts",
                    () -> await(borrowAndWrite(name, total)),
                    () -> await(Flux.range(0, WRITERS)
                            .flatMap(writer -> borrowAndWrite(name, each), WRITERS)
                            .reduce(0L, Long::sum)));
            return Pairs.measure(storm, plan.rounds(), () -> {}).row();
        } finally {
            registry.close().block();
        }
    }

    private static Mono<Long> borrowAndWrite(ConnectionFactory name, int times) {
        Mono<Long> once = Mono.usingWhen(name.create(), connection -> write(connection, 1), Connection::close);
        return Flux.range(0, times).concatMap(ignored -> once, 0).reduce(0L, Long::sum);
    }

    /**
     * Opens all connections anew, as {@link SqliteWork#open} does, and has each of them write once: a connection reads the
     * schema at its first statement, which 64 do and one does.
     */
    private void open() {
        close();
        for (int writer = 0; writer < WRITERS; writer++) {
            Connection opened = BridgedSqlite.open(file);
            writers.add(opened);
            await(write(opened, 1));
        }
    }

    private void close() {
        Flux.fromIterable(writers).flatMap(Connection::close).then().block();
        writers.clear();
    }

    private List<Row> measure() throws Exception {
        int total = WRITERS * each;
        Measurement storm = new Measurement(
                WRITERS + " writers of one file against one",
                1.0,
                total,
                "inserts",
                () -> await(write(writers.get(0), total)),
                () -> await(writeAtOnce()));
        // Nobody reads meanwhile: a reader without a pause has a core for itself, and only one of the two ways would
        // have it.
        Pairs pairs = Pairs.measure(storm, plan.rounds(), this::open);
        Connection reader = BridgedSqlite.open(file);
        writers.add(reader);
        long[] alone = latencies(
                reader, Mono.delay(Duration.ofMillis(plan.size(2_000))).then());
        Mono<Long> all = writeAtOnce().cache();
        long[] meanwhile = latencies(reader, all.then());
        await(all);
        return List.of(
                pairs.row(),
                new Row("a reader of the same file, alone", "", "", "", "", latency(alone)),
                new Row("a reader of the same file, while " + WRITERS + " write", "", "", "", "", latency(meanwhile)));
    }

    private Mono<Long> writeAtOnce() {
        return Flux.fromIterable(writers)
                .take(WRITERS)
                .flatMap(writer -> write(writer, each), WRITERS)
                .reduce(0L, Long::sum);
    }

    private static Mono<Long> write(Connection connection, int times) {
        return Flux.range(0, times)
                .concatMap(
                        ignored -> Mono.from(connection
                                        .createStatement(WRITE)
                                        .bind(0, "customer")
                                        .bind(1, 33)
                                        .execute())
                                .flatMap(result -> Mono.from(result.getRowsUpdated())),
                        0)
                .reduce(0L, Long::sum);
    }

    /** Reads by key without a pause until something ends; how long each query took, in nanoseconds, sorted. */
    private long[] latencies(Connection reader, Mono<Void> until) {
        AtomicInteger key = new AtomicInteger();
        Mono<Long> read = Mono.defer(() -> {
            long start = System.nanoTime();
            return BridgedSqlite.byKey(reader, 1 + key.incrementAndGet() % rows)
                    .map(ignored -> System.nanoTime() - start);
        });
        List<Long> taken = new ArrayList<>();
        read.repeat().takeUntilOther(until).doOnNext(taken::add).then().block();
        return taken.stream().mapToLong(Long::longValue).sorted().toArray();
    }

    private static String latency(long[] sorted) {
        if (sorted.length == 0) {
            return "no query ended";
        }
        return String.format(
                Locale.ROOT,
                "p50 %.0f us, p99 %.0f us",
                sorted[sorted.length / 2] / 1e3,
                sorted[(int) (sorted.length * 0.99)] / 1e3);
    }

    private static long await(Mono<Long> work) {
        return Objects.requireNonNull(work.block());
    }
}
