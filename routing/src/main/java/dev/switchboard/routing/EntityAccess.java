package dev.switchboard.routing;

import org.jspecify.annotations.Nullable;

/** How a query of a model reads or writes, where the scope around it has not decided that. */
enum EntityAccess implements RoutingHint {
    READS,
    WRITES;

    @Override
    public Class<? extends RoutingHint> kind() {
        return AccessMode.class;
    }

    /** What reads goes where the scope reads; what writes is only kept from it where writes are prevented. */
    @Override
    public RoutingHint mergedInto(@Nullable RoutingHint outer) {
        if (this == READS) {
            return outer == null ? AccessMode.READ_ONLY : outer;
        }
        return outer == AccessMode.READ_ONLY_ENFORCED ? outer : AccessMode.READ_WRITE;
    }
}
