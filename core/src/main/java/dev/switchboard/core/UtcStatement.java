package dev.switchboard.core;

import io.r2dbc.spi.Result;
import io.r2dbc.spi.Statement;
import reactor.core.publisher.Flux;

/** Binds points in time as the wall clock of UTC. */
final class UtcStatement implements Statement {

    private final Statement driver;

    UtcStatement(Statement driver) {
        this.driver = driver;
    }

    @Override
    public Statement add() {
        driver.add();
        return this;
    }

    @Override
    public Statement bind(int index, Object value) {
        driver.bind(index, UtcInstants.bound(value));
        return this;
    }

    @Override
    public Statement bind(String name, Object value) {
        driver.bind(name, UtcInstants.bound(value));
        return this;
    }

    @Override
    public Statement bindNull(int index, Class<?> type) {
        driver.bindNull(index, UtcInstants.boundType(type));
        return this;
    }

    @Override
    public Statement bindNull(String name, Class<?> type) {
        driver.bindNull(name, UtcInstants.boundType(type));
        return this;
    }

    @Override
    public Statement returnGeneratedValues(String... columns) {
        driver.returnGeneratedValues(columns);
        return this;
    }

    @Override
    public Statement fetchSize(int rows) {
        driver.fetchSize(rows);
        return this;
    }

    @Override
    public Flux<Result> execute() {
        return Flux.<Result>from(driver.execute()).map(UtcResult::new);
    }

    @Override
    public String toString() {
        return driver.toString();
    }
}
