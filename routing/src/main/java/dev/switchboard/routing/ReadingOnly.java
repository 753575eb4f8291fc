package dev.switchboard.routing;

import io.r2dbc.spi.Connection;
import reactor.core.publisher.Mono;
import reactor.util.context.ContextView;

/** Watches a connection that was led to a place for reading: what may write has no business there. */
class ReadingOnly implements WriteWatch {

    private final String member;

    ReadingOnly(String member) {
        this.member = member;
    }

    final String member() {
        return member;
    }

    @Override
    public void writing(ContextView statementContext) {
        throw new RouteConflictException(
                member,
                "for reading, where a read-only transaction has led it",
                "a statement that may write",
                "The transaction has ended and the connection stays where it is. Give what writes a connection of its own, or mark"
                        + " what only reads with readOnly()");
    }

    @Override
    public void committing() {}

    @Override
    public Mono<Void> written(Connection connection) {
        return Mono.empty();
    }
}
