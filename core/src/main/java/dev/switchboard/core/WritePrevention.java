package dev.switchboard.core;

import io.r2dbc.spi.Connection;
import io.r2dbc.spi.Result;
import io.r2dbc.spi.TransactionDefinition;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * Makes a session refuse writes for a borrower whose route prevents them. The server does it where it can; elsewhere a
 * statement that does not begin like a query is refused here.
 */
final class WritePrevention {

    static final String READ_ONLY_STATE = "25006";

    /** How a session is told to refuse writes, and to take them again as its server has it. */
    private record Switch(String on, String off) {}

    private static final Map<String, Switch> SWITCHES = Map.of(
            "PostgreSQL",
            new Switch("SET default_transaction_read_only = on", "RESET default_transaction_read_only"),
            "MySQL",
            new Switch("SET SESSION transaction_read_only = ON", "SET SESSION transaction_read_only = DEFAULT"),
            "MariaDB",
            new Switch("SET SESSION tx_read_only = ON", "SET SESSION tx_read_only = DEFAULT"),
            "SQLite",
            new Switch("PRAGMA query_only = ON", "PRAGMA query_only = OFF"));

    private WritePrevention() {}

    /** For a session that is not as it should be. */
    static Mono<Void> establish(PhysicalConnection physical, Route route, SlotPool pool) {
        boolean wanted = route.preventsWrites();
        Switch session = SWITCHES.get(physical.sheet().product());
        // The readers of a SQLite file refuse writes by themselves, and that setting with them.
        boolean bySession = session != null && !OneWriter.isQueryOnly(pool.definition());
        Mono<Void> sent = session != null && bySession
                ? sent(physical.driver(), wanted ? session.on() : session.off(), pool)
                : Mono.empty();
        return sent.then(Mono.fromRunnable(() -> physical.preventsWrites(wanted)));
    }

    private static Mono<Void> sent(Connection driver, String sql, SlotPool pool) {
        return Flux.from(pool.offload(
                        Flux.defer(() -> driver.createStatement(sql).execute())))
                .concatMap(Result::getRowsUpdated)
                .then();
    }

    /** Refuses a statement that may write, where the session of its product would not. */
    static boolean refuses(@Nullable PhysicalConnection physical, String sql) {
        return physical != null
                && physical.preventsWrites()
                && !SWITCHES.containsKey(physical.sheet().product())
                && !SessionChanges.beginsReading(sql);
    }

    /** A transaction that says it writes would take the setting of its session back. */
    static boolean contradicts(PhysicalConnection physical, TransactionDefinition definition) {
        return physical.preventsWrites()
                && Boolean.FALSE.equals(definition.getAttribute(TransactionDefinition.READ_ONLY));
    }
}
