package dev.switchboard.routing;

import reactor.core.publisher.Mono;

/** A router, then another one on what it left. */
record RouterChain(Router first, Router next) implements Router {

    @Override
    public Mono<PartialRoute> route(PartialRoute soFar, RouteHints hints) {
        return first.route(soFar, hints)
                .map(narrowed -> narrowed.after(soFar))
                .flatMap(narrowed -> next.route(narrowed, hints).map(further -> further.after(narrowed)));
    }

    @Override
    public boolean servesAlike(EntityKey held, EntityKey asked) {
        return first.servesAlike(held, asked) && next.servesAlike(held, asked);
    }
}
