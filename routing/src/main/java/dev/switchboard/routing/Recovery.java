package dev.switchboard.routing;

import dev.switchboard.core.SwitchboardConnection;
import io.r2dbc.spi.R2dbcException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.util.context.Context;

/** Finishes what is left prepared in one database. */
final class Recovery {

    private static final Logger LOGGER = LoggerFactory.getLogger(Recovery.class);
    /** XA RECOVER: the format, the two lengths, and both names in one. */
    private static final int XA_LENGTH_OF_TRANSACTION = 1;

    private static final int XA_NAMES = 3;

    private final PreparedTransactions coordinator;
    private final RoutingConnectionFactory routed;
    private final String connectionName;

    Recovery(PreparedTransactions coordinator, RoutingConnectionFactory routed, String connectionName) {
        this.coordinator = coordinator;
        this.routed = routed;
        this.connectionName = connectionName;
    }

    static void failed(Throwable failure) {
        LOGGER.warn("Prepared transactions could not be recovered, and will be tried again: {}", failure.toString());
    }

    Flux<RecoveredBranch> run() {
        return Flux.usingWhen(
                        Mono.deferContextual(context -> {
                            HintBinding binding = routed.bind(context);
                            return Mono.just(new Branch(routed.open(binding), binding));
                        }),
                        this::finishAll,
                        branch -> branch.handle().close(),
                        (branch, failure) -> branch.handle().close(),
                        branch -> branch.handle().close())
                .contextWrite(ignored -> Routing.usingConnection(connectionName).apply(Context.empty()));
    }

    private Flux<RecoveredBranch> finishAll(Branch session) {
        return session.handle().product().flatMapMany(product -> {
            TwoPhase protocol = TwoPhase.of(product);
            return protocol == null
                    ? Flux.empty()
                    : left(session, protocol)
                            .filter(id -> coordinator.isAbandoned(id.transaction()))
                            .collectList()
                            .flatMapIterable(ids -> ids)
                            .concatMap(id -> finish(session, protocol, id));
        });
    }

    private Flux<BranchId> left(Branch session, TwoPhase protocol) {
        SwitchboardConnection handle = session.handle();
        return protocol == TwoPhase.POSTGRESQL
                ? Flux.from(handle.createStatement(
                                        "SELECT gid FROM pg_prepared_xacts WHERE database = current_database() AND gid LIKE '"
                                                + coordinator.prefix() + "%'")
                                .execute())
                        .flatMap(result -> result.map(row -> BranchId.ofPostgresql(text(row.get(0, String.class)))))
                : Flux.from(handle.createStatement("XA RECOVER").execute())
                        .flatMap(result -> result.map(row -> ofXa(
                                row.get(XA_LENGTH_OF_TRANSACTION, Number.class), text(row.get(XA_NAMES)))))
                        .filter(id -> id.number() >= 0);
    }

    private BranchId ofXa(@Nullable Number length, String names) {
        int end = length == null ? 0 : length.intValue();
        return names.startsWith(coordinator.prefix()) && end < names.length()
                ? new BranchId(names.substring(0, end), Integer.parseInt(names.substring(end)))
                : new BranchId("", -1);
    }

    /** The drivers give names as text or as bytes. */
    private static String text(@Nullable Object value) {
        if (value instanceof ByteBuffer buffer) {
            return StandardCharsets.UTF_8.decode(buffer).toString();
        }
        return value instanceof byte[] bytes ? new String(bytes, StandardCharsets.UTF_8) : String.valueOf(value);
    }

    private Mono<RecoveredBranch> finish(Branch session, TwoPhase protocol, BranchId id) {
        return coordinator
                .log()
                .decide(id.transaction(), DecisionLog.Decision.ABORT)
                .flatMap(decision -> {
                    boolean commits = decision == DecisionLog.Decision.COMMIT;
                    Mono<Void> finished =
                            commits ? protocol.commitPrepared(session, id) : protocol.rollbackPrepared(session, id);
                    return finished.thenReturn(new RecoveredBranch(
                            connectionName,
                            id.transaction(),
                            commits ? TransactionState.COMMITTED : TransactionState.ROLLED_BACK));
                })
                // Somebody else has finished it, or its session is still connected: the next run will see.
                .onErrorResume(R2dbcException.class, failure -> {
                    LOGGER.info(
                            "Prepared transaction {} on '{}' is not finished yet: {}",
                            id.transaction(),
                            connectionName,
                            failure.toString());
                    return Mono.empty();
                });
    }
}
