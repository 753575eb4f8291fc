package dev.switchboard.core;

/** What the queue closes when it needs room, or moves to another name. */
final class Reclaimable implements Permit.Held {

    private final PhysicalConnection connection;

    Reclaimable(PhysicalConnection connection) {
        this.connection = connection;
    }

    PhysicalConnection connection() {
        return connection;
    }

    @Override
    public long lastUsedNanos() {
        return connection.lastUsedNanos();
    }

    @Override
    public boolean isIdle() {
        return connection.isIdle();
    }

    @Override
    public boolean claim() {
        boolean claimed = connection.claim();
        if (claimed) {
            connection.life().ends(CloseReason.RECLAIMED);
        }
        return claimed;
    }

    @Override
    public void close(BudgetStatus cap) {
        SlotPool pool = connection.pool();
        pool.report().reclaimed(connection.life(), connection.idleNanos(pool.nowNanos()), cap);
        pool.background().start(connection.close().onErrorComplete());
    }

    @Override
    public boolean isMovable() {
        // Not in the middle of a ping, whose end nobody here could wait for.
        return connection.state() == PhysicalConnection.State.IDLE && connection.isMovable();
    }

    @Override
    public boolean claimToMove() {
        return connection.move(PhysicalConnection.State.IDLE, PhysicalConnection.State.MOVED);
    }
}
