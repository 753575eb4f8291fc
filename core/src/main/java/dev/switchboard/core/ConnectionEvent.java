package dev.switchboard.core;

import java.time.Duration;
import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * What happened to a connection, its pool or its name. Immutable, compared by value, and without options or secrets. Read from
 * {@link ReactiveConnectionRegistry#events()}.
 *
 * <p>Other kinds will come: a switch over the kinds needs a default branch, and code that knows none of them reads the methods
 * of this interface. Those of the {@link ConnectionBudget} never tell which other
 * name wanted the place or has it.
 */
public sealed interface ConnectionEvent {

    /** {@return the name of the connection; one with an override is called {@code orders[database=shard02]}} */
    String name();

    /** {@return when it happened, in UTC, as the timer of the registry tells it} */
    Instant time();

    /** {@return the id of the physical connection, or null where it is about a pool or a name} */
    default @Nullable UUID connection() {
        return null;
    }

    /** {@return how long something took that has a length, or null} */
    default @Nullable Duration duration() {
        return null;
    }

    /** {@return why, where that is known, or null} */
    default @Nullable String reason() {
        return null;
    }

    /** {@return which kind of event this is: the simple name of its class, such as {@code Acquired}} */
    default String type() {
        return getClass().getSimpleName();
    }

    /**
     * A name was registered, by the program or by a configuration.
     *
     * @param name the name of the connection
     * @param time when, in UTC
     */
    record Registered(String name, Instant time) implements ConnectionEvent {}

    /**
     * A name got another definition.
     *
     * @param name the name of the connection
     * @param time when, in UTC
     */
    record Replaced(String name, Instant time) implements ConnectionEvent {}

    /**
     * A name was removed.
     *
     * @param name the name of the connection
     * @param time when, in UTC
     */
    record Unregistered(String name, Instant time) implements ConnectionEvent {}

    /**
     * A name was paused: new borrowers wait.
     *
     * @param name the name of the connection
     * @param time when, in UTC
     */
    record Paused(String name, Instant time) implements ConnectionEvent {}

    /**
     * A paused name goes on.
     *
     * @param name the name of the connection
     * @param time when, in UTC
     * @param duration how long it was paused
     */
    record Resumed(String name, Instant time, Duration duration) implements ConnectionEvent {}

    /**
     * The pool of a name was opened, for its first borrower or by a warm-up.
     *
     * @param name the name of the connection
     * @param time when, in UTC
     */
    record PoolOpened(String name, Instant time) implements ConnectionEvent {}

    /**
     * A pool and all its connections are closed.
     *
     * @param name the name of the connection
     * @param time when, in UTC
     */
    record PoolClosed(String name, Instant time) implements ConnectionEvent {}

    /**
     * A physical connection was opened and logged in.
     *
     * @param name the name of the connection
     * @param connection the id of the physical connection
     * @param time when, in UTC
     * @param duration how long that took
     */
    record Created(String name, UUID connection, Instant time, Duration duration) implements ConnectionEvent {}

    /**
     * A borrower got a connection.
     *
     * @param name the name of the connection
     * @param connection the id of the physical connection
     * @param time when, in UTC
     * @param duration how long the borrower waited for it
     */
    record Acquired(String name, UUID connection, Instant time, Duration duration) implements ConnectionEvent {}

    /**
     * A borrower gave its connection back, and what it changed was undone; where that was not possible, the
     * connection was closed before.
     *
     * @param name the name of the connection
     * @param connection the id of the physical connection
     * @param time when, in UTC
     * @param duration how long the borrower had it
     */
    record Returned(String name, UUID connection, Instant time, Duration duration) implements ConnectionEvent {}

    /**
     * A connection that was idle for long is dead, as its borrower found, who gets another one, or a ping.
     *
     * @param name the name of the connection
     * @param connection the id of the physical connection
     * @param time when, in UTC
     * @param duration how long the validation took
     * @param reason what went wrong, without the words of the driver
     */
    record ValidationFailed(String name, UUID connection, Instant time, Duration duration, String reason)
            implements ConnectionEvent {}

    /**
     * A program closes a connection at once, whatever it is doing.
     *
     * @param name the name of the connection
     * @param connection the id of the physical connection
     * @param time when, in UTC
     */
    record Invalidated(String name, UUID connection, Instant time) implements ConnectionEvent {}

    /**
     * A connection is not lent out any more: it closes now, or when its borrower returns it.
     *
     * @param name the name of the connection
     * @param connection the id of the physical connection
     * @param time when, in UTC
     */
    record SoftInvalidated(String name, UUID connection, Instant time) implements ConnectionEvent {}

    /**
     * What a borrower changed in its session was undone.
     *
     * @param name the name of the connection
     * @param connection the id of the physical connection
     * @param time when, in UTC
     * @param duration how long that took
     */
    record Reset(String name, UUID connection, Instant time, Duration duration) implements ConnectionEvent {}

    /**
     * The subscriber of a transaction cancelled it before its end, as {@code take}, {@code next} and {@code first} outside of
     * it do: it is rolled back.
     *
     * @param name the name of the connection
     * @param connection its id
     * @param time when, in UTC
     * @param reason where the transaction was assembled
     */
    record TransactionCancelled(String name, UUID connection, Instant time, String reason) implements ConnectionEvent {}

    /**
     * A physical connection is closed.
     *
     * @param name the name of the connection
     * @param connection the id of the physical connection
     * @param time when, in UTC
     * @param duration how long it lived
     * @param reason one of: idle, too old, soft-invalidated, invalidated, lost, not validated, read only node, not reset, broken, not
     *     prepared, reclaimed, drain timed out, pool closed
     */
    record Closed(String name, UUID connection, Instant time, Duration duration, String reason)
            implements ConnectionEvent {}

    /**
     * A borrower has had its connection for longer than the {@code leakThreshold} of its definition. Told once for each loan.
     *
     * @param name the name of the connection
     * @param connection the id of the physical connection
     * @param time when, in UTC
     * @param duration for how long it has had it
     * @param reason who has it: the route, and where its chain was assembled, as far as Reactor knows (with
     *     {@code Hooks.onOperatorDebug()}, its agent, or a {@code checkpoint})
     */
    record LeakSuspected(String name, UUID connection, Instant time, Duration duration, String reason)
            implements ConnectionEvent {}

    /**
     * An idle connection is being closed, since another name needs its place at a cap, or since the cap was lowered. When it is
     * closed a {@link Closed} follows.
     *
     * @param name the name of the connection that loses its place
     * @param connection the id of the physical connection
     * @param time when, in UTC
     * @param duration how long it had been idle
     * @param reason the cap that is reached, with its counts
     */
    record Reclaimed(String name, UUID connection, Instant time, Duration duration, String reason)
            implements ConnectionEvent {}

    /**
     * An idle connection goes to another name of its host, as the budget {@linkplain ConnectionBudget.Builder#moving allows}. It
     * stays open and keeps its id; a {@link MovedIn} follows.
     *
     * @param name the name of the connection that loses it
     * @param connection the id of the physical connection
     * @param time when, in UTC
     * @param duration how long it had been idle
     */
    record MovedAway(String name, UUID connection, Instant time, Duration duration) implements ConnectionEvent {}

    /**
     * A connection has come from another name of its host. It is switched before its borrower gets it; where that fails it is
     * closed.
     *
     * @param name the name of the connection that gets it
     * @param connection the id of the physical connection
     * @param time when, in UTC
     */
    record MovedIn(String name, UUID connection, Instant time) implements ConnectionEvent {}

    /**
     * A borrower begins to wait at a cap of the budget; not told of one that waits for its own pool, all of whose connections
     * are lent.
     *
     * @param name the name of the connection
     * @param time when, in UTC
     * @param reason the cap that is reached, with its counts
     */
    record BudgetWaiting(String name, Instant time, String reason) implements ConnectionEvent {}

    /**
     * A borrower got no connection within its acquire time-out, and a cap of the budget was in the way at its end.
     *
     * @param name the name of the connection
     * @param time when, in UTC
     * @param duration how long it waited
     * @param reason the cap that is reached, with its counts
     */
    record BudgetTimedOut(String name, Instant time, Duration duration, String reason) implements ConnectionEvent {}

    /**
     * A connection is being opened beyond a soft cap; it is closed when it comes back.
     *
     * @param name the name of the connection
     * @param time when, in UTC
     * @param reason the cap that is exceeded, with its counts
     */
    record SoftOverflow(String name, Instant time, String reason) implements ConnectionEvent {}
}
