package dev.switchboard.routing;

import java.time.Duration;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * How fresh a read through a {@link ReplicaRouter} must be. A hint: {@code chain.contextWrite(ReadConsistency.SESSION)}; where
 * none is written, the one of the {@link ReplicaGroup} holds. It counts for what only reads; everything else is on the primary.
 */
public final class ReadConsistency implements RoutingHint {

    /** Any replica in the rotation, however far behind. */
    public static final ReadConsistency ANY = new ReadConsistency(Kind.ANY, null);

    /**
     * A replica that has replayed everything that the {@link SessionToken} of the scope knows of, else the primary; without a
     * token the primary. See {@link Routing#readYourWrites()}.
     */
    public static final ReadConsistency SESSION = new ReadConsistency(Kind.SESSION, null);

    /** The primary. */
    public static final ReadConsistency PRIMARY = new ReadConsistency(Kind.PRIMARY, null);

    /** What is asked of a replica, the least first. */
    enum Kind {
        ANY,
        BOUNDED,
        SESSION,
        PRIMARY
    }

    private final Kind kind;
    private final @Nullable Duration lag;

    private ReadConsistency(Kind kind, @Nullable Duration lag) {
        this.kind = kind;
        this.lag = lag;
    }

    /**
     * A replica that surely has everything that was committed so long ago, as the primary itself told at that time; else the
     * primary. The clocks of the servers do not matter. Of products without log positions it is always the primary.
     *
     * @param lag longer than zero, at most a minute
     * @return the hint
     * @throws IllegalArgumentException if it is not
     */
    public static ReadConsistency bounded(Duration lag) {
        Objects.requireNonNull(lag, "lag");
        if (lag.isNegative() || lag.isZero() || lag.compareTo(PrimaryHistory.LONGEST) > 0) {
            throw new IllegalArgumentException("A replica was to be at most " + lag
                    + " behind. Allowed: longer than zero and at most " + PrimaryHistory.LONGEST
                    + ". ReadConsistency.ANY takes a replica however far behind, PRIMARY takes none.");
        }
        return new ReadConsistency(Kind.BOUNDED, lag);
    }

    Kind strength() {
        return kind;
    }

    /** How far behind a replica may be; for those that say it. */
    Duration lag() {
        return Objects.requireNonNull(lag, "lag");
    }

    /** Whether a connection that was taken for another consistency gives this one too. */
    boolean isMetBy(@Nullable ReadConsistency held) {
        if (equals(held) || kind == Kind.ANY) {
            return true;
        }
        return held != null
                && (held.kind == Kind.PRIMARY
                        || (kind == Kind.BOUNDED
                                && held.kind == Kind.BOUNDED
                                && held.lag().compareTo(lag()) <= 0));
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return this == other
                || (other instanceof ReadConsistency that && kind == that.kind && Objects.equals(lag, that.lag));
    }

    @Override
    public int hashCode() {
        return Objects.hash(kind, lag);
    }

    /** {@return the consistency in words} */
    @Override
    public String toString() {
        return "consistency " + kind + (lag == null ? "" : " " + lag);
    }
}
