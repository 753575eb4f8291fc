package dev.switchboard.core;

import io.r2dbc.spi.Connection;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Objects;
import java.util.function.Function;
import java.util.function.Supplier;
import reactor.util.context.Context;
import reactor.util.context.ContextView;

/**
 * Which connections a chain holds while it asks for another one. At a cap of a {@link ConnectionBudget} it would otherwise wait
 * for a connection that nobody can give back, since all are held by chains like itself; and without one, for a pool all of whose
 * connections it holds itself, as the single one of a SQLite file that writes.
 *
 * <p>It stands in the Context of what runs while a connection is held. The transactions of {@code switchboard-routing} and
 * {@link DriverConnection} write it themselves; around other work it is written by hand:
 * <pre>{@code Mono.usingWhen(factory.create(),
 *     connection -> work(connection).contextWrite(HeldConnections.holding(connection)),
 *     Connection::close)}</pre>
 *
 * <p>Without it, a chain is taken for one that holds nothing, and waits until its acquire time-out. That is so for a result that is
 * being read while an operator further down asks for a connection, and for transactions that other libraries manage.
 */
public final class HeldConnections {

    private static final Object KEY = new Object() {
        @Override
        public String toString() {
            return "dev.switchboard.held";
        }
    };

    private final List<Supplier<? extends Collection<? extends Connection>>> held;

    private HeldConnections(List<Supplier<? extends Collection<? extends Connection>>> held) {
        this.held = List.copyOf(held);
    }

    /**
     * Says that a chain holds a connection, besides those that it holds already.
     *
     * @param connection a connection of a registry; any other one changes nothing
     * @return what {@code contextWrite} takes
     */
    public static Function<Context, Context> holding(Connection connection) {
        List<ConnectionHandle> handle = handlesAmong(List.of(Objects.requireNonNull(connection, "connection")));
        return context ->
                handle.isEmpty() ? context : context.put(KEY, of(context).and(() -> handle));
    }

    /**
     * Says that a chain holds connections that come and go while it runs, besides those that it holds already.
     *
     * @param connections those that it holds at the moment of asking; asked on any thread whenever the chain needs another
     *     connection, must be quick. Connections that are none of a registry change nothing
     * @return what {@code contextWrite} takes
     */
    public static Function<Context, Context> holding(Supplier<? extends Collection<? extends Connection>> connections) {
        Objects.requireNonNull(connections, "connections");
        return context -> context.put(KEY, of(context).and(connections));
    }

    private static List<ConnectionHandle> handlesAmong(Collection<? extends Connection> connections) {
        return connections.stream()
                .map(connection -> Unwrapping.find(connection, ConnectionHandle.class))
                .filter(Objects::nonNull)
                .toList();
    }

    private List<ConnectionHandle> handles() {
        return held.stream()
                .flatMap(connections -> handlesAmong(connections.get()).stream())
                .toList();
    }

    /**
     * What a Context says of held connections, to be written into another one.
     *
     * @param context the Context to read
     * @return what {@code contextWrite} takes
     */
    public static Function<Context, Context> heldIn(ContextView context) {
        return other -> context.hasKey(KEY) ? other.put(KEY, of(context)) : other;
    }

    /** Whether a chain with this context holds a connection of the name. */
    static boolean holds(ContextView context, String name) {
        return context.hasKey(KEY)
                && of(context).handles().stream()
                        .anyMatch(handle -> name.equals(handle.session().registeredName()));
    }

    private static HeldConnections of(ContextView context) {
        return context.hasKey(KEY) ? context.get(KEY) : new HeldConnections(List.of());
    }

    private HeldConnections and(Supplier<? extends Collection<? extends Connection>> more) {
        List<Supplier<? extends Collection<? extends Connection>>> all = new ArrayList<>(held);
        all.add(more);
        return new HeldConnections(all);
    }

    /** A ticket of the lane for a chain with this context. */
    static Ticket ticket(Lane lane, ContextView context, JointLine line) {
        JointAdmission.Place place = JointAdmission.placeIn(context);
        if (!context.hasKey(KEY) && place == null) {
            return lane.ticket();
        }
        boolean budgeted = lane.isBudgeted();
        List<String> all = new ArrayList<>();
        List<String> held = new ArrayList<>();
        int own = 0;
        for (ConnectionHandle handle : of(context).handles()) {
            Lane other = handle.lane();
            if (other != null) {
                all.add(other.name());
            }
            if (other == lane || (budgeted && other != null && lane.competesWith(other))) {
                held.add(other.name());
                own += other == lane ? 1 : 0;
            }
        }
        Supplier<BudgetDeadlockException> stuck =
                () -> new BudgetDeadlockException(lane.name(), held, lane.inTheWay(Quota.Use.NESTED));
        if (own >= lane.tickets()) {
            throw stuck.get();
        }
        if (place != null) {
            return place.ticket(lane, line, all);
        }
        return new Ticket(lane, held.isEmpty() || !budgeted ? null : stuck, !all.isEmpty(), null);
    }
}
