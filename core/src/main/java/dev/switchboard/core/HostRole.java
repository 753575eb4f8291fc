package dev.switchboard.core;

/** What the host of a connection is for. */
public enum HostRole {

    /** Takes writes and reads. */
    PRIMARY,

    /** Copies a primary and takes reads only. */
    REPLICA
}
