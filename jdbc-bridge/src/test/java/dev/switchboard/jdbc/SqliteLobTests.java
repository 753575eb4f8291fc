package dev.switchboard.jdbc;

import static dev.switchboard.jdbc.TestDatabase.PATIENCE;
import static dev.switchboard.jdbc.TestDatabase.await;
import static dev.switchboard.jdbc.TestDatabase.run;
import static dev.switchboard.jdbc.TestDatabase.values;
import static org.assertj.core.api.Assertions.assertThat;

import io.r2dbc.spi.Blob;
import io.r2dbc.spi.Clob;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.Result;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import reactor.core.publisher.Flux;

class SqliteLobTests {
    @TempDir
    Path directory;

    private Connection connection;

    @BeforeEach
    void open() {
        connection = TestDatabase.in(directory).open();
        run(connection, "CREATE TABLE t (a, b)");
    }

    @AfterEach
    void close() {
        await(connection.close());
    }

    @Test
    void aLargeObjectIsReadOnceHoweverOftenTheScriptUsesIt() {
        AtomicInteger reads = new AtomicInteger();
        Flux<ByteBuffer> once =
                Flux.defer(() -> Flux.just(ByteBuffer.wrap(new byte[] {(byte) reads.incrementAndGet()})));
        AtomicInteger texts = new AtomicInteger();
        Flux<String> text = Flux.defer(() -> Flux.just("text " + texts.incrementAndGet()));
        await(Flux.from(connection
                        .createStatement("INSERT INTO t VALUES (:a, @a); INSERT INTO t VALUES (:a, :b)")
                        .bind("a", Blob.from(once))
                        .bind("b", Clob.from(text))
                        .execute())
                .concatMap(Result::getRowsUpdated));
        assertThat(values(connection, "SELECT hex(a) || ' ' || ifnull(hex(b), '') FROM t LIMIT 1"))
                .containsExactly("01 01");
        assertThat(values(connection, "SELECT hex(a) || ' ' || b FROM t ORDER BY rowid DESC LIMIT 1"))
                .containsExactly("01 text 1");
        assertThat(reads).hasValue(1);
        assertThat(texts).hasValue(1);
    }

    @Test
    void textIsNotCutInTheMiddleOfACharacter() {
        String text = "x" + "😀".repeat(100_000);
        await(Flux.from(connection
                        .createStatement("INSERT INTO t VALUES (?, 1)")
                        .bind(0, text)
                        .execute())
                .concatMap(Result::getRowsUpdated));
        Clob clob = Flux.from(connection.createStatement("SELECT a FROM t").execute())
                .concatMap(result -> result.map(row -> row.get(0, Clob.class)))
                .blockLast(PATIENCE);
        List<CharSequence> parts = Flux.from(clob.stream()).collectList().block(PATIENCE);
        assertThat(parts).hasSizeGreaterThan(2);
        assertThat(parts)
                .allSatisfy(part -> assertThat(Character.isHighSurrogate(part.charAt(part.length() - 1)))
                        .isFalse());
        assertThat(String.join("", parts)).isEqualTo(text);
    }
}
