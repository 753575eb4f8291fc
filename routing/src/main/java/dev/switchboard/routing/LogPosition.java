package dev.switchboard.routing;

import org.jspecify.annotations.Nullable;

/** A place in what a cluster has written. Places of one kind can be compared; of different kinds they never reach each other. */
sealed interface LogPosition permits WalPosition, GtidSet, MariadbPosition, WrittenAt {

    /** Whether a server that has replayed so far has everything up to here. */
    boolean isReachedBy(LogPosition replayed);

    /** The later of both, or what has both; of another kind, or of a cluster that went on without it, the other one. */
    LogPosition and(LogPosition other);

    /** Begins with a letter of its own, and has none of the characters that a token is written with. */
    String text();

    /** What {@link #text()} has written, or null for anything else. */
    static @Nullable LogPosition parse(String text) {
        if (text.isEmpty()) {
            return null;
        }
        String rest = text.substring(1);
        return switch (text.charAt(0)) {
            case WalPosition.LETTER -> WalPosition.parse(rest);
            case GtidSet.LETTER -> GtidSet.parse(rest);
            case MariadbPosition.LETTER -> MariadbPosition.parse(rest);
            case WrittenAt.LETTER -> WrittenAt.parse(rest);
            default -> null;
        };
    }
}
