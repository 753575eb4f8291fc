package dev.switchboard.routing;

import dev.switchboard.core.SwitchboardConnection;
import io.r2dbc.spi.R2dbcException;
import io.r2dbc.spi.Readable;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.util.context.Context;

/** Finishes what is left prepared in one database. */
final class Recovery {

    private static final Logger LOGGER = LoggerFactory.getLogger(Recovery.class);
    /** XA RECOVER: the format, the length of the first name, that of the second, and both names in one. */
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

    /** The connection is given back between two parts: the log may have to be asked through the same pool. */
    Flux<RecoveredBranch> run(AtomicBoolean left) {
        return on(this::prepared)
                .filter(id -> coordinator.isOurs(id.transaction()))
                .doOnNext(id -> left.set(true))
                .collectList()
                .flatMapMany(ids -> Flux.fromIterable(ids)
                        .filter(id -> coordinator.isAbandoned(id.transaction()))
                        .concatMap(this::finish));
    }

    private <T> Flux<T> on(Function<Branch, Publisher<T>> work) {
        return Flux.usingWhen(
                        Mono.deferContextual(context -> {
                            HintBinding binding = routed.bind(context);
                            return Mono.just(new Branch(routed.open(binding), binding));
                        }),
                        work,
                        branch -> branch.handle().close(),
                        (branch, failure) -> branch.handle().close(),
                        branch -> branch.handle().close())
                .contextWrite(ignored -> Routing.usingConnection(connectionName).apply(Context.empty()));
    }

    private Flux<BranchId> prepared(Branch session) {
        SwitchboardConnection handle = session.handle();
        return handle.product()
                .mapNotNull(TwoPhase::of)
                .flatMapMany(protocol -> protocol == TwoPhase.POSTGRESQL
                        ? Flux.from(handle.createStatement(
                                                "SELECT gid FROM pg_prepared_xacts WHERE database = current_database() AND gid LIKE '"
                                                        + coordinator.prefix() + "%'")
                                        .execute())
                                .flatMap(result -> result.map(row -> text(row.get(0, String.class))))
                                .mapNotNull(BranchId::ofPostgresql)
                        : Flux.from(handle.createStatement("XA RECOVER").execute())
                                .flatMap(result -> result.map(Recovery::ofXa))
                                .flatMapIterable(found -> found));
    }

    private static List<BranchId> ofXa(Readable row) {
        Number format = row.get(0, Number.class);
        Number length = row.get(1, Number.class);
        String names = text(row.get(XA_NAMES));
        int end = length == null ? 0 : Math.min(length.intValue(), names.length());
        BranchId id =
                BranchId.ofXa(format == null ? 0 : format.longValue(), names.substring(0, end), names.substring(end));
        return id == null ? List.of() : List.of(id);
    }

    /** The drivers give names as text or as bytes. */
    private static String text(@Nullable Object value) {
        if (value instanceof ByteBuffer buffer) {
            return StandardCharsets.UTF_8.decode(buffer).toString();
        }
        return value instanceof byte[] bytes ? new String(bytes, StandardCharsets.UTF_8) : String.valueOf(value);
    }

    private Mono<RecoveredBranch> finish(BranchId id) {
        return coordinator
                .log()
                .decide(id.transaction(), DecisionLog.Decision.ABORT)
                .flatMap(decision -> {
                    boolean commits = decision == DecisionLog.Decision.COMMIT;
                    return on(session -> end(session, id, commits))
                            .then()
                            .thenReturn(new RecoveredBranch(
                                    connectionName,
                                    id.transaction(),
                                    commits ? TransactionState.COMMITTED : TransactionState.ROLLED_BACK));
                })
                // Somebody else has finished it, or its session is still connected: the next run will see.
                .onErrorResume(R2dbcException.class, failure -> {
                    LOGGER.warn(
                            "Connection '{}': a part of the prepared transaction {} is not finished yet: {}",
                            connectionName,
                            id.transaction(),
                            failure.toString());
                    return Mono.empty();
                });
    }

    private static Mono<Void> end(Branch session, BranchId id, boolean commits) {
        return session.handle()
                .product()
                .mapNotNull(TwoPhase::of)
                .flatMap(protocol ->
                        commits ? protocol.commitPrepared(session, id) : protocol.rollbackPrepared(session, id));
    }
}
