package dev.switchboard.routing;

import java.lang.StackWalker.StackFrame;
import java.util.Set;

/** The line of the program that assembled a transaction. */
final class CallSite {

    private static final StackWalker WALKER = StackWalker.getInstance();
    private static final Set<String> OURS =
            Set.of(CallSite.class.getName(), Transactions.class.getName(), SqlClient.class.getName());
    private static final String REACTOR = "reactor.";

    private CallSite() {}

    /** The first caller that is neither ours nor Reactor's. */
    static String ofCaller() {
        return WALKER.walk(frames -> frames.filter(CallSite::isOutside)
                .findFirst()
                .map(CallSite::words)
                .orElse("unknown"));
    }

    private static boolean isOutside(StackFrame frame) {
        String name = frame.getClassName();
        return !OURS.contains(name) && !name.startsWith(REACTOR);
    }

    private static String words(StackFrame frame) {
        return frame.toStackTraceElement().toString();
    }
}
