package dev.switchboard.routing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import dev.switchboard.core.SwitchboardError;
import io.r2dbc.spi.R2dbcNonTransientException;
import io.r2dbc.spi.R2dbcRollbackException;
import io.r2dbc.spi.R2dbcTransientResourceException;
import java.time.Duration;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** The messages about replicas, read aloud. */
class ReplicaErrorMessagesTests {

    static Stream<Arguments> messages() {
        return Stream.of(
                arguments(
                        new InvalidReplicaGroupException("orders", "it was found wrong", "Correct it"),
                        R2dbcNonTransientException.class,
                        "The replica group of 'orders' was refused: it was found wrong. Correct it.",
                        Map.of("connectionName", "orders")),
                arguments(
                        new InvalidReplicaGroupException(null, "it was found wrong", "Correct it"),
                        R2dbcNonTransientException.class,
                        "The replica group was refused: it was found wrong. Correct it.",
                        Map.of()),
                arguments(
                        new InvalidSessionTokenException("it is not signed"),
                        R2dbcNonTransientException.class,
                        "A session token was not taken: it is not signed. Begin a session without it, with readYourWrites(), or"
                                + " read with ReadConsistency.PRIMARY.",
                        Map.of()),
                arguments(
                        new InvalidCursorException("it is not signed"),
                        R2dbcNonTransientException.class,
                        "A cursor was not taken: it is not signed. Begin again with the first page.",
                        Map.of()),
                arguments(
                        new NoReplicaException("orders", 2),
                        R2dbcTransientResourceException.class,
                        "'orders' has no replica in its rotation, of 2: they do not answer their probes, or are too far behind."
                                + " Try again later, read with ReadConsistency.PRIMARY, or let the group use its primary with"
                                + " withoutReplica(PRIMARY).",
                        Map.of("connectionName", "orders", "replicas", 2)),
                arguments(
                        new NoPrimaryException("orders", Duration.ZERO),
                        R2dbcTransientResourceException.class,
                        "No member of 'orders' takes writes at this moment. Try again later, or let writers wait longer with"
                                + " holdWriters(..) of the ReplicaGroup.",
                        Map.of("connectionName", "orders", "waited", Duration.ZERO)),
                arguments(
                        new PrimaryMovedException("orders", "orders1"),
                        R2dbcRollbackException.class,
                        "Connection 'orders1' is not the primary of 'orders' any more, and the handle was taken to write there."
                                + " Nothing of this was sent; begin again, with another connection.",
                        Map.of("connectionName", "orders1", "logicalName", "orders")));
    }

    @ParameterizedTest
    @MethodSource("messages")
    void everyMessageSaysWhatWasFoundAndWhatToDo(
            Throwable error, Class<?> retryable, String message, Map<String, Object> facts) {
        assertThat(error).hasMessage(message).isInstanceOf(retryable).isInstanceOf(SwitchboardError.class);
        SwitchboardError ours = (SwitchboardError) error;
        assertThat(ours.facts()).isEqualTo(facts);
        assertThat(ours.connectionName()).isEqualTo(facts.get("connectionName"));
    }
}
