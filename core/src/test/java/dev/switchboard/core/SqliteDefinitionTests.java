package dev.switchboard.core;

import static org.assertj.core.api.Assertions.assertThat;

import io.r2dbc.spi.ConnectionFactory;
import java.nio.file.Path;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

class SqliteDefinitionTests {

    @Test
    void theFileIsMadeWhereThePathSays(@TempDir Path folder) {
        Path file = folder.resolve("a@b ü.db");
        ConnectionDefinition definition = ConnectionDefinition.sqlite("audit", file);
        assertThat(file).doesNotExist();
        ConnectionFactory factory = definition.open();
        Flux<String> product = Flux.usingWhen(
                factory.create(),
                connection -> Flux.from(
                                connection.createStatement("SELECT 'SQLite'").execute())
                        .flatMap(result -> result.map(row -> Objects.requireNonNull(row.get(0, String.class)))),
                connection -> Mono.from(connection.close()));
        StepVerifier.create(product).expectNext("SQLite").verifyComplete();
        assertThat(file).exists();
        assertThat(definition.where()).isEqualTo(file.toString());
    }
}
