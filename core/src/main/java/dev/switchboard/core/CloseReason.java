package dev.switchboard.core;

import java.util.Locale;

/** Why a physical connection was closed: whoever says so first. */
enum CloseReason {
    IDLE,
    TOO_OLD,
    SOFT_INVALIDATED,
    INVALIDATED,
    /** Nobody closed it: its pool found it dead. */
    LOST,
    NOT_VALIDATED,
    /** A borrower wanted it in the middle of a ping, for which it does not wait. */
    PINGED_WHEN_WANTED,
    /** A write found that its server only reads. */
    READ_ONLY_NODE,
    NOT_RESET,
    BROKEN,
    NOT_PREPARED,
    /** Another name of its host needed the place. */
    RECLAIMED,
    /** Its pool closed, and its borrower had not given it back in time. */
    DRAIN_TIMED_OUT,
    POOL_CLOSED;

    String words() {
        String words = name().toLowerCase(Locale.ROOT).replace('_', ' ');
        return this == SOFT_INVALIDATED ? "soft-invalidated" : words;
    }
}
