package dev.switchboard.routing;

/** A hint as a user would write one. */
record Shard(int number) implements RoutingHint {
    @Override
    public String toString() {
        return "shard " + number;
    }
}
