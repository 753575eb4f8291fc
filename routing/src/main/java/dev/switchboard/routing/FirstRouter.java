package dev.switchboard.routing;

import java.util.List;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** The first of several routers that has an opinion. */
record FirstRouter(List<Router> routers) implements Router {

    @Override
    public Mono<PartialRoute> route(PartialRoute soFar, RouteHints hints) {
        return Flux.fromIterable(routers)
                .concatMap(router -> router.route(soFar, hints), 1)
                .filter(narrowed -> isOpinion(narrowed, soFar))
                .next()
                .defaultIfEmpty(soFar);
    }

    /** Who finds the same name as an opinion returns another object. */
    @SuppressWarnings("ReferenceEquality")
    private static boolean isOpinion(PartialRoute narrowed, PartialRoute soFar) {
        return narrowed != soFar;
    }

    @Override
    public boolean servesAlike(EntityKey held, EntityKey asked) {
        return routers.stream().allMatch(router -> router.servesAlike(held, asked));
    }
}
