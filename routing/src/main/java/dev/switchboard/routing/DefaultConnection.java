package dev.switchboard.routing;

/** Stands where a name would: it hides the one that was chosen further out, so that the default serves. */
enum DefaultConnection implements RoutingHint {
    DEFAULT;

    @Override
    public Class<? extends RoutingHint> kind() {
        return RoutingKey.class;
    }

    @Override
    public String toString() {
        return "the default connection";
    }
}
