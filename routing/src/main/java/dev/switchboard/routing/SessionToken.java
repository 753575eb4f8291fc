package dev.switchboard.routing;

import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import reactor.util.context.Context;
import reactor.util.context.ContextView;

/**
 * What a session has written, so that its reads see it wherever they go: for each logical name of a {@link ReplicaRouter} the
 * place in the log that a replica must have replayed. {@link Routing#readYourWrites()} puts one into the Context.
 *
 * <p>Thread-safe, and changed by every write of its scope; it only moves forward. From the moment when a statement that may write is
 * sent until its place in the log is known, and for good where that could not be learned, reads of the name go to the primary.
 *
 * <p>{@link SessionTokenCodec} makes a text of it, for the next request.
 */
public final class SessionToken {

    /** More names than this are not told apart: those that do not fit are read on the primary. */
    static final int MOST_NAMES = 64;

    private static final Object KEY = new Object() {
        @Override
        public String toString() {
            return "dev.switchboard.session";
        }
    };

    /** What a read of one name must be served by. */
    record Need(boolean primary, @Nullable LogPosition position) {

        static final Need NOTHING = new Need(false, null);
        static final Need PRIMARY = new Need(true, null);
    }

    /** What is known of one name. */
    private static final class Written {

        private @Nullable LogPosition position;
        private int open;
        private long lostAt;
    }

    private final Map<String, Written> names = new LinkedHashMap<>();
    private boolean full;
    private long clock;

    private SessionToken() {}

    /** {@return the token of a session that has written nothing} */
    public static SessionToken create() {
        return new SessionToken();
    }

    /**
     * The token of a scope.
     *
     * @param context the Context of a subscriber
     * @return the token, or null where the scope has none
     */
    public static @Nullable SessionToken from(ContextView context) {
        return context.getOrDefault(KEY, null);
    }

    Context writeInto(Context context) {
        return context.put(KEY, this);
    }

    static Context without(Context context) {
        return context.delete(KEY);
    }

    /** {@return whether nothing was written yet} */
    public synchronized boolean isEmpty() {
        return names.isEmpty() && !full;
    }

    /** A write of the name may happen from now on. Paired with {@link #recorded} or {@link #lost}. */
    synchronized void writing(String name) {
        Written written = written(name);
        if (written != null) {
            written.open++;
        }
    }

    /** Before a server is asked for its position: what was lost until now is behind the answer. */
    synchronized long asking() {
        return ++clock;
    }

    /**
     * Writes of the name are no later than this.
     *
     * @param asked what {@link #asking()} said before the position was asked for
     * @param closes whether nothing more is to come of what {@link #writing} has opened
     */
    synchronized void recorded(String name, LogPosition position, long asked, boolean closes) {
        Written written = written(name);
        if (written == null) {
            return;
        }
        LogPosition before = written.position;
        written.position = before == null ? position : before.and(position);
        written.open -= closes ? 1 : 0;
        written.lostAt = written.lostAt < asked ? 0 : written.lostAt;
    }

    /** Where the writes of the name stand cannot be learned, until somebody learns a later position. */
    synchronized void lost(String name, boolean closes) {
        Written written = written(name);
        if (written != null) {
            written.open -= closes ? 1 : 0;
            written.lostAt = ++clock;
        }
    }

    synchronized Need need(String name) {
        Written written = names.get(name);
        if (written == null) {
            return full ? Need.PRIMARY : Need.NOTHING;
        }
        return written.open > 0 || written.lostAt > 0 ? Need.PRIMARY : new Need(false, written.position);
    }

    /** What each name needs, for its text; null for all others stands for nothing. */
    synchronized Map<String, Need> needs() {
        Map<String, Need> needs = new LinkedHashMap<>();
        names.keySet().forEach(name -> needs.put(name, need(name)));
        return needs;
    }

    synchronized boolean isFull() {
        return full;
    }

    /** Reads of all names that it does not know go to the primary. */
    synchronized void fill() {
        full = true;
    }

    private @Nullable Written written(String name) {
        Written known = names.get(name);
        if (known == null && names.size() >= MOST_NAMES) {
            full = true;
            return null;
        }
        return known != null ? known : names.computeIfAbsent(name, key -> new Written());
    }

    /** {@return how many names were written, and nothing about them} */
    @Override
    public synchronized String toString() {
        return "SessionToken[" + (full ? "more than " : "") + names.size() + " names]";
    }
}
