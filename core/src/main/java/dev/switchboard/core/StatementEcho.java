package dev.switchboard.core;

import io.r2dbc.spi.Connection;
import io.r2dbc.spi.Result;
import io.r2dbc.spi.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Collects what is known about one exchange and writes it down, in one line, when it has ended. */
final class StatementEcho {

    private static final Logger LOGGER = LoggerFactory.getLogger(Echo.class);
    private static final int LONGEST_SQL = 2_000;
    private static final int MOST_VALUES = 50;

    private final Route route;
    private final boolean showsValues;
    private final String sql;
    private final long begunNanos;
    private final AtomicLong rows = new AtomicLong();
    private final AtomicLong updated = new AtomicLong();
    private final List<String> values = new ArrayList<>();
    private int bound;
    private volatile @Nullable Throwable failure;

    private StatementEcho(Route route, boolean showsValues, String sql, long begunNanos) {
        this.route = route;
        this.showsValues = showsValues;
        this.sql = sql;
        this.begunNanos = begunNanos;
    }

    /** Null where nobody wants to read it, so that it costs nothing. */
    static @Nullable StatementEcho of(Echo wanted, @Nullable Route route, String sql, long nowNanos) {
        return wanted == Echo.OFF || route == null || !LOGGER.isDebugEnabled()
                ? null
                : new StatementEcho(route, wanted == Echo.STATEMENTS_WITH_VALUES, sql, nowNanos);
    }

    void row() {
        rows.incrementAndGet();
    }

    void updated(long count) {
        updated.addAndGet(count);
    }

    void segment(Result.Segment segment) {
        if (segment instanceof Result.RowSegment) {
            row();
        } else if (segment instanceof Result.UpdateCount count) {
            updated(count.value());
        }
    }

    void failed(Throwable reason) {
        failure = reason;
    }

    void ended(long nowNanos) {
        String took = String.format(Locale.ROOT, "%.3f ms", (nowNanos - begunNanos) / 1e6);
        LOGGER.debug(
                "{} ({}) {}, {}: {}{}",
                ErrorText.name(route.shownName()),
                route.readOnly() ? "read-only" : "read-write",
                took,
                outcome(),
                ErrorText.sql(sql, LONGEST_SQL),
                shownValues());
    }

    private String outcome() {
        Throwable reason = failure;
        if (reason != null) {
            return "failed with " + reason.getClass().getSimpleName();
        }
        long changed = updated.get();
        return rows.get() + " rows" + (changed == 0 ? "" : ", " + changed + " updated");
    }

    private synchronized String shownValues() {
        if (bound == 0) {
            return "";
        }
        return showsValues ? " " + values : " [" + bound + " masked]";
    }

    private synchronized void bound(Object at, @Nullable Object value) {
        bound++;
        if (showsValues && values.size() < MOST_VALUES) {
            values.add(at + "=" + shown(value));
        }
    }

    private static String shown(@Nullable Object value) {
        if (value instanceof byte[] bytes) {
            return bytes.length + " bytes";
        }
        try {
            return ErrorText.name(String.valueOf(value));
        } catch (RuntimeException refused) {
            return "a " + (value == null ? "null" : value.getClass().getSimpleName());
        }
    }

    /** The driver's connection, whose statements tell what is bound. */
    Connection listening(Connection driver) {
        return new Listening(driver);
    }

    private final class Listening extends DelegatingConnection {

        private final Connection driver;

        Listening(Connection driver) {
            this.driver = driver;
        }

        @Override
        Connection delegate() {
            return driver;
        }

        @Override
        public Statement createStatement(String text) {
            return new ListeningStatement(driver.createStatement(text));
        }
    }

    private final class ListeningStatement implements Statement {

        private final Statement driver;

        ListeningStatement(Statement driver) {
            this.driver = driver;
        }

        @Override
        public Statement add() {
            driver.add();
            return this;
        }

        @Override
        public Statement bind(int index, Object value) {
            driver.bind(index, value);
            bound(index, value);
            return this;
        }

        @Override
        public Statement bind(String name, Object value) {
            driver.bind(name, value);
            bound(name, value);
            return this;
        }

        @Override
        public Statement bindNull(int index, Class<?> type) {
            driver.bindNull(index, type);
            bound(index, null);
            return this;
        }

        @Override
        public Statement bindNull(String name, Class<?> type) {
            driver.bindNull(name, type);
            bound(name, null);
            return this;
        }

        @Override
        public Statement returnGeneratedValues(String... columns) {
            driver.returnGeneratedValues(columns);
            return this;
        }

        @Override
        public Statement fetchSize(int size) {
            driver.fetchSize(size);
            return this;
        }

        @Override
        public Publisher<? extends Result> execute() {
            return driver.execute();
        }
    }
}
