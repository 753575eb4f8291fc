package dev.switchboard.routing;

/**
 * The shard itself, where a fan-out asks each of them: in place of a key, and through the logical name all the same.
 *
 * @param whole the logical name that the choice was made for; beside any other name it says nothing
 * @param shard the name of the connection
 */
record ShardChoice(String whole, String shard) implements RoutingHint {

    @Override
    public Class<? extends RoutingHint> kind() {
        return ShardKey.class;
    }

    @Override
    public String toString() {
        return "shard " + Shown.quoted(shard);
    }
}
