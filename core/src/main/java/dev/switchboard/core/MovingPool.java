package dev.switchboard.core;

import org.jspecify.annotations.Nullable;

/**
 * How a pool takes idle connections over from pools of other names whose {@link Likeness} is equal, and gives its own away.
 * One that comes is a new {@link PhysicalConnection} around the driver's connection; the old one is left behind where it was, and
 * is closed to everybody who finds it there.
 */
final class MovingPool implements Mover {

    private final SlotPool pool;
    private final Opener opener;
    private final ConnectionSlot slot;
    private final Object likeness;
    private final boolean keepsStatements;
    private volatile boolean shared;
    private volatile boolean distrusted;

    private MovingPool(SlotPool pool, Opener opener, ConnectionSlot slot, Object likeness, boolean keepsStatements) {
        this.pool = pool;
        this.opener = opener;
        this.slot = slot;
        this.likeness = likeness;
        this.keepsStatements = keepsStatements;
    }

    /**
     * What its pool opens instead, and how it moves connections.
     *
     * @param definition without a statement cache, where that would keep statements of another schema
     * @param likeness with whom it exchanges connections; null with nobody
     * @param keepsStatements whether the driver keeps its statements all the same, since they mean the same everywhere
     */
    record Terms(ConnectionDefinition definition, @Nullable Likeness likeness, boolean keepsStatements) {

        static Terms of(ConnectionDefinition registered, RegistryCore core, ConnectionSlot slot) {
            ConnectionDefinition definition = StatementCache.safe(registered);
            Terms stay = new Terms(definition, null, true);
            Admission admission = core.admission();
            ConnectionBudget budget = admission == null ? null : admission.budget();
            String where = definition.where();
            if (budget == null || !slot.isOfName() || !budget.isMoving(where) || Likeness.of(definition) == null) {
                return stay;
            }
            boolean keeps = budget.moving().hasIdentical(where, budget.hostOf(where))
                    && !Likeness.usesDatabases(DriverSheet.of(definition.driver()));
            ConnectionDefinition opened = keeps ? definition : StatementCache.without(definition);
            return opened == null ? stay : new Terms(opened, Likeness.of(opened), keeps);
        }

        @Nullable
        MovingPool mover(SlotPool pool, Opener opener, ConnectionSlot slot, AdmissionQueue queue) {
            return likeness == null
                    ? null
                    : new MovingPool(pool, opener, slot, queue.shared(likeness), keepsStatements);
        }
    }

    /** Whether the driver keeps statements on the server between uses. */
    boolean keepsStatements() {
        return keepsStatements;
    }

    /** Somebody gets at the pool in the middle past the queue, and may have any connection of it in use unseen. */
    void shared() {
        // Under the lock: whoever has just been asked for a connection has claimed it by then.
        pool.lane().queue().admission().look(() -> shared = true);
    }

    /** Whether its connections may go to other names. */
    boolean gives() {
        return !shared && !pool.isDraining();
    }

    /** What came from another name could not be made its own: it has to open one before it takes another. */
    void distrust() {
        distrusted = true;
    }

    /** A session could be prepared. */
    void trust() {
        if (distrusted) {
            distrusted = false;
        }
    }

    @Override
    public Object likeness() {
        return likeness;
    }

    @Override
    public boolean keepsIdle() {
        return pool.options().minIdle() > 0;
    }

    @Override
    public boolean wants(Permit.Held idle) {
        return !distrusted
                && !shared
                && !pool.isDraining()
                && idle instanceof Reclaimable other
                && isRecent(other.connection());
    }

    /** Whether it logged in after the name's own connections were told to end. */
    private boolean isRecent(PhysicalConnection connection) {
        return connection.life().begunNanos() - slot.retiredNanos() > 0;
    }

    @Override
    public boolean fits(Permit.Held idle) {
        String place = Likeness.standingPlace(pool.definition());
        return place != null
                && idle instanceof Reclaimable other
                && place.equals(other.connection().prepared());
    }

    @Override
    public void take(Permit.Held claimed, Permit permit) {
        PhysicalConnection before = ((Reclaimable) claimed).connection();
        before.pool().movedAway(before);
        PhysicalConnection here = before.movedTo(pool, opener);
        if (!isRecent(here)) {
            here.life().retire();
        }
        opener.takeOver(here, permit);
    }
}
