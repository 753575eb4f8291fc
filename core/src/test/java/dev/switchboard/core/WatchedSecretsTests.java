package dev.switchboard.core;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.datatype.jsr310.JavaTimeModule;
import dev.switchboard.core.micrometer.MicrometerMetrics;
import dev.switchboard.databases.Database;
import dev.switchboard.databases.Databases;
import dev.switchboard.databases.Product;
import dev.switchboard.databases.SecretWatch;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

/** Events, their JSON and the meters of names whose definitions are full of secrets hold none of them. */
class WatchedSecretsTests {

    private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
    private final ReactiveConnectionRegistry registry = ReactiveConnectionRegistry.create(
            RegistryOptions.builder().metrics(MicrometerMetrics.of(meters)).build());

    /** The server lets nobody in with it, or everybody. */
    private static ConnectionDefinition secretive(String name, Database database) {
        return ConnectionDefinition.of(name, database.url())
                .withUser("nobody")
                .withPassword("hush-static")
                .withPool(Borrowing::quick);
    }

    @ParameterizedTest
    @EnumSource(names = {"POSTGRESQL", "MYSQL", "MARIADB"})
    void noSecretIsTold(Product product) throws Exception {
        ObjectMapper json = new ObjectMapper()
                .registerModule(new JavaTimeModule())
                .disable(SerializationFeature.WRITE_DATES_AS_TIMESTAMPS);
        try (Database database = Databases.create(product)) {
            Heard heard = Heard.of(registry);
            registry.register(secretive("refused", database));
            registry.register(secretive("asked", database).withPassword(() -> Mono.just("hunter2-of-the-vault")));
            registry.register(ConnectionDefinition.of("orders", database.url()).withPool(Borrowing::quick));
            for (String name : List.of("refused", "asked", "orders")) {
                StepVerifier.create(Borrowing.query(registry, name, "SELECT 'swordfish' AS word")
                                .onErrorComplete()
                                .then())
                        .expectComplete()
                        .verify(Borrowing.PATIENCE);
            }
            List<String> told = new ArrayList<>();
            meters.getMeters().forEach(meter -> told.add(meter.getId().toString()));
            assertThat(told).isNotEmpty();
            for (ConnectionEvent event : heard.untilClosed(registry)) {
                told.add(event.toString());
                told.add(json.writeValueAsString(event));
                told.add(event.reason() == null ? "" : event.reason());
            }
            assertThat(told)
                    .hasSizeGreaterThan(20)
                    .noneMatch(text -> SecretWatch.MARKS.stream().anyMatch(text::contains));
        }
    }
}
