package dev.switchboard.routing;

import dev.switchboard.core.SwitchboardError;
import io.r2dbc.spi.R2dbcNonTransientException;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * A transaction of {@link TransactionGuarantee#BEST_EFFORT} was committed in some of its databases, and then one failed. Do not
 * repeat it: what is committed would be done twice.
 */
public final class PartlyCommittedException extends R2dbcNonTransientException implements SwitchboardError {

    private static final long serialVersionUID = 1L;

    private final transient List<String> committed;
    private final transient String failed;
    private final transient boolean outcomeUnknown;
    private final transient List<String> rolledBack;

    PartlyCommittedException(
            List<String> committed, String failed, boolean outcomeUnknown, List<String> rolledBack, Throwable cause) {
        super(
                "A transaction over several databases was committed on " + names(committed)
                        + ", and then its commit on "
                        + Shown.quoted(failed)
                        + (outcomeUnknown ? " was lost on the way, so that nobody knows how it ended" : " failed")
                        + (rolledBack.isEmpty() ? "" : "; it was rolled back on " + names(rolledBack))
                        + ". Undo or complete it by hand, or use TransactionGuarantee.PREPARED where it must not happen.",
                cause);
        this.committed = List.copyOf(committed);
        this.failed = failed;
        this.outcomeUnknown = outcomeUnknown;
        this.rolledBack = List.copyOf(rolledBack);
    }

    private static String names(List<String> names) {
        return names.isEmpty() ? "none" : names.stream().map(Shown::quoted).collect(Collectors.joining(", "));
    }

    /** {@return the connections on which it was committed, in that order} */
    public List<String> committed() {
        return committed;
    }

    /** {@return the connection whose commit failed} */
    public String failed() {
        return failed;
    }

    /** {@return whether that commit may have happened all the same} */
    public boolean isOutcomeUnknown() {
        return outcomeUnknown;
    }

    /** {@return the connections on which it was rolled back} */
    public List<String> rolledBack() {
        return rolledBack;
    }

    /** {@return the connection whose commit failed} */
    @Override
    public @Nullable String connectionName() {
        return failed;
    }

    @Override
    public Map<String, Object> facts() {
        return Facts.about(
                failed, Map.of("committed", committed, "rolledBack", rolledBack, "outcomeUnknown", outcomeUnknown));
    }
}
