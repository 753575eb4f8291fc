package dev.switchboard.core;

import reactor.core.publisher.Mono;

/**
 * Knows connections that nobody registered, such as the databases of customers: the registry asks it for a name that it does
 * not know itself, and remembers the answer for a while. Given to a registry with
 * {@link RegistryOptions.Builder#directory(ConnectionDirectory)}.
 *
 * <p>A registered name never gets here, and neither does a name that the options refuse: names may come from a request.
 * Implementations must be thread-safe and must not block.
 */
@FunctionalInterface
public interface ConnectionDirectory {

    /**
     * Finds the definition of a name. Asked once at a time for each name, however many wait for the answer, and subscribed with
     * an empty Context, since its answer serves all of them. Whoever waits may leave without ending the search for the
     * others; past the look-up time-out it is cancelled.
     *
     * @param name a name that the options accept
     * @return the definition, under exactly that name; empty where there is none, which is remembered for a short while; an
     *     error reaches everybody who waits and is not remembered
     */
    Mono<ConnectionDefinition> find(String name);
}
