package dev.switchboard.core;

import java.time.Duration;
import java.util.Locale;
import java.util.UUID;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes events to the log, one line each, as in {@code registry.events().subscribe(new EventLogger())}: what must not happen
 * (a suspected leak, a failed validation, a borrower that got nothing because of a cap) as a warning, what happens to names and
 * pools and to a soft cap as information, the rest at debug.
 */
public final class EventLogger implements Consumer<ConnectionEvent> {

    private static final Logger LOGGER = LoggerFactory.getLogger(EventLogger.class);

    /** Writes to the logger that has the name of this class. */
    public EventLogger() {}

    @Override
    public void accept(ConnectionEvent event) {
        if (event instanceof ConnectionEvent.LeakSuspected
                || event instanceof ConnectionEvent.ValidationFailed
                || event instanceof ConnectionEvent.BudgetTimedOut) {
            LOGGER.warn("{}", line(event));
        } else if (event.connection() == null && !(event instanceof ConnectionEvent.BudgetWaiting)) {
            LOGGER.info("{}", line(event));
        } else if (LOGGER.isDebugEnabled()) {
            LOGGER.debug("{}", line(event));
        }
    }

    static String line(ConnectionEvent event) {
        UUID connection = event.connection();
        Duration duration = event.duration();
        String reason = event.reason();
        return event.type() + " " + ErrorText.quoted(event.name())
                + (connection == null ? "" : " " + connection)
                + (duration == null ? "" : String.format(Locale.ROOT, " %.3f ms", duration.toNanos() / 1e6))
                + (reason == null ? "" : ": " + reason);
    }
}
