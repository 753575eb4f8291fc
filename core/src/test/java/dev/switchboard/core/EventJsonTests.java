package dev.switchboard.core;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.annotation.JsonTypeInfo;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.datatype.jsr310.JavaTimeModule;
import java.time.Duration;
import java.time.Instant;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Events as JSON, by plain Jackson and the one annotation that tells it where the kind stands. */
class EventJsonTests {

    @JsonTypeInfo(use = JsonTypeInfo.Id.SIMPLE_NAME, property = "type")
    private interface WithType {}

    private static final UUID ID = UUID.fromString("3f0c2a9e-0000-4000-8000-000000000001");
    private static final Instant TIME = Instant.parse("2026-11-25T13:05:17.123456Z");
    private static final Duration LENGTH = Duration.ofNanos(1_234_567);

    private final ObjectMapper json = new ObjectMapper()
            .registerModule(new JavaTimeModule())
            .disable(SerializationFeature.WRITE_DATES_AS_TIMESTAMPS)
            .disable(SerializationFeature.WRITE_DURATIONS_AS_TIMESTAMPS)
            .addMixIn(ConnectionEvent.class, WithType.class);

    EventJsonTests() {
        json.registerSubtypes(ConnectionEvent.class.getPermittedSubclasses());
    }

    static Stream<ConnectionEvent> events() {
        return Stream.of(
                new ConnectionEvent.Registered("orders", TIME),
                new ConnectionEvent.Replaced("orders", TIME),
                new ConnectionEvent.Unregistered("orders", TIME),
                new ConnectionEvent.PoolOpened("orders", TIME),
                new ConnectionEvent.PoolClosed("orders", TIME),
                new ConnectionEvent.Created("orders", ID, TIME, LENGTH),
                new ConnectionEvent.Acquired("orders", ID, TIME, LENGTH),
                new ConnectionEvent.Returned("orders", ID, TIME, LENGTH),
                new ConnectionEvent.ValidationFailed("orders", ID, TIME, LENGTH, "TimeoutException"),
                new ConnectionEvent.Invalidated("orders", ID, TIME),
                new ConnectionEvent.SoftInvalidated("orders", ID, TIME),
                new ConnectionEvent.Paused("orders", TIME),
                new ConnectionEvent.Resumed("orders", TIME, Duration.ofMillis(15)),
                new ConnectionEvent.TransactionCancelled(
                        "orders", ID, TIME, "OrderService.place(OrderService.java:41)"),
                new ConnectionEvent.Reset("orders", ID, TIME, LENGTH),
                new ConnectionEvent.Closed("orders", ID, TIME, LENGTH, "too old"),
                new ConnectionEvent.LeakSuspected("orders", ID, TIME, LENGTH, "read-write on 'orders'"),
                new ConnectionEvent.Reclaimed("orders", ID, TIME, LENGTH, "db01:5432 has 10 of 10 connections open"),
                new ConnectionEvent.MovedAway("orders", ID, TIME, LENGTH),
                new ConnectionEvent.MovedIn("orders", ID, TIME),
                new ConnectionEvent.BudgetWaiting("orders", TIME, "db01:5432 has 10 of 10 connections open"),
                new ConnectionEvent.BudgetTimedOut("orders", TIME, LENGTH, "db01:5432 has 10 of 10 connections open"),
                new ConnectionEvent.SoftOverflow("orders", TIME, "db01:5432 has 11 of 10 connections open"));
    }

    @ParameterizedTest
    @MethodSource("events")
    void anEventCarriesItsTypeAndUtcTimeAndReadsBackEqual(ConnectionEvent event) throws Exception {
        String text = json.writeValueAsString(event);
        JsonNode fields = json.readTree(text);
        assertThat(fields.get("type").asText()).isEqualTo(event.type());
        assertThat(fields.get("time").asText()).isEqualTo("2026-11-25T13:05:17.123456Z");
        assertThat(fields.get("name").asText()).isEqualTo("orders");
        assertThat(json.readValue(text, ConnectionEvent.class)).isEqualTo(event);
    }

    @Test
    void everyKindIsAmongThem() {
        assertThat(events().map(Object::getClass))
                .containsExactlyInAnyOrder(ConnectionEvent.class.getPermittedSubclasses());
    }
}
