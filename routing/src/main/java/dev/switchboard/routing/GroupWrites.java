package dev.switchboard.routing;

import io.r2dbc.spi.Connection;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;
import reactor.util.context.ContextView;

/**
 * Tells the tokens of a connection's writers where their writes stand in the log. From the statement on until that is known the
 * tokens hold reads on the primary, so that nothing depends on when a writer hears of its end.
 */
final class GroupWrites implements WriteWatch {

    private final ReplicaRouter router;
    private final GroupWatch group;
    private final String member;
    private final @Nullable SessionToken captured;
    private final boolean elsewhere;
    /** How many statements of each token were sent whose position is not known yet. */
    private final Map<SessionToken, Integer> unrecorded = new LinkedHashMap<>();

    /**
     * Watches one connection.
     *
     * @param router knows the group as it is later
     * @param group the group when the connection was taken
     * @param member the primary when it was taken
     * @param captured the token of the scope that asked for the connection
     * @param elsewhere whether an override may lead to another server, whose positions say nothing
     */
    GroupWrites(
            ReplicaRouter router, GroupWatch group, String member, @Nullable SessionToken captured, boolean elsewhere) {
        this.router = router;
        this.group = group;
        this.member = member;
        this.captured = captured;
        this.elsewhere = elsewhere;
    }

    @Override
    public void writing(ContextView statementContext) {
        committing();
        count(captured);
        SessionToken own = SessionToken.from(statementContext);
        if (own != captured) {
            count(own);
        }
    }

    private synchronized void count(@Nullable SessionToken token) {
        if (token != null && unrecorded.merge(token, 1, Integer::sum) == 1) {
            token.writing(group.logicalName());
        }
    }

    @Override
    public void committing() {
        GroupWatch now = router.watch(group.logicalName());
        if (now != null && now.isFenced(member)) {
            throw new PrimaryMovedException(group.logicalName(), member);
        }
    }

    @Override
    public Mono<Void> written(Connection connection) {
        Map<SessionToken, Integer> sent = sent();
        if (sent.isEmpty()) {
            return Mono.empty();
        }
        return Mono.defer(() -> {
            Map<SessionToken, Long> asked = new LinkedHashMap<>();
            sent.keySet().forEach(token -> asked.put(token, token.asking()));
            return (elsewhere ? Mono.<LogPosition>empty() : group.positionAfterWrite(connection, member))
                    .doOnNext(position -> asked.forEach((token, since) ->
                            token.recorded(group.logicalName(), position, since, settled(token, sent))))
                    .switchIfEmpty(Mono.fromRunnable(() -> lost(sent)))
                    .doOnError(failure -> lost(sent))
                    .then();
        });
    }

    @Override
    public void lost() {
        lost(sent());
    }

    private synchronized Map<SessionToken, Integer> sent() {
        return unrecorded.isEmpty() ? Map.of() : Map.copyOf(unrecorded);
    }

    private void lost(Map<SessionToken, Integer> sent) {
        sent.keySet().forEach(token -> token.lost(group.logicalName(), settled(token, sent)));
    }

    /** Whether nothing was sent for the token since; what was, is for the next time. */
    private synchronized boolean settled(SessionToken token, Map<SessionToken, Integer> sent) {
        return unrecorded.remove(token, sent.get(token));
    }
}
