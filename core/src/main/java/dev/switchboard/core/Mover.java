package dev.switchboard.core;

/** How a lane takes idle connections over from other lanes of its host. */
interface Mover {

    /** Connections may go from lane to lane where these are equal. */
    Object likeness();

    /** Whether it keeps connections ready, so that it gives one away only where a cap would close it otherwise. */
    boolean keepsIdle();

    /** Whether it would take this connection. Called under the lock. */
    boolean wants(Permit.Held idle);

    /** Whether the connection stands where its borrowers need it already. Called under the lock. */
    boolean fits(Permit.Held idle);

    /** Takes over what was claimed, with its permit, which is the lane's already. Called outside of the lock; must not fail. */
    void take(Permit.Held claimed, Permit permit);
}
