package dev.switchboard.examples.fleet;

import reactor.core.publisher.Mono;

/** A way to reach the databases. */
interface Access {

    /** From now on the shard can be asked. */
    void add(Shard shard);

    /** Which database answers when this shard is asked. */
    Mono<String> ask(Shard shard);

    /** How often an idle connection of another database of the server made room, or -1 where nothing does that. */
    default long reclaimed(int server) {
        return -1;
    }

    /** How often an idle connection went to another database of its server. */
    default long moved() {
        return 0;
    }

    void close();
}
