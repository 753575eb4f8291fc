package dev.switchboard.jdbc;

import io.r2dbc.spi.Blob;
import io.r2dbc.spi.Clob;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** Large objects: JDBC takes them whole, so they are collected before the statement runs. */
final class Lobs {
    private static final int PART = 64 * 1024;

    private Lobs() {}

    /** Bytes that JDBC has read, in parts as they are asked for. */
    static Blob blob(byte[] bytes) {
        return Blob.from(parts(bytes.length)
                .map(from -> ByteBuffer.wrap(bytes, from, Math.min(PART, bytes.length - from))
                        .slice()));
    }

    /** Text that JDBC has read, in parts as they are asked for. */
    static Clob clob(String text) {
        return Clob.from(parts(text.length()).map(from -> text.substring(from, Math.min(from + PART, text.length()))));
    }

    private static Flux<Integer> parts(int length) {
        return Flux.range(0, (length + PART - 1) / PART).map(part -> part * PART);
    }

    static boolean isLob(Object value) {
        return value instanceof Blob || value instanceof Clob;
    }

    static Mono<?> read(Object lob) {
        if (lob instanceof Blob blob) {
            return Flux.from(blob.stream())
                    .reduceWith(ByteArrayOutputStream::new, Lobs::append)
                    .map(ByteArrayOutputStream::toByteArray);
        }
        return Flux.from(((Clob) lob).stream())
                .reduceWith(StringBuilder::new, StringBuilder::append)
                .map(StringBuilder::toString);
    }

    private static ByteArrayOutputStream append(ByteArrayOutputStream collected, ByteBuffer part) {
        byte[] bytes = new byte[part.remaining()];
        part.get(bytes);
        collected.writeBytes(bytes);
        return collected;
    }

    /** The run with its large objects collected. */
    static Mono<Run> resolved(Run run) {
        return Flux.fromIterable(run.values().stream().map(Optional::ofNullable).toList())
                .concatMap(
                        value -> value.orElse(null) instanceof Mono<?> lob ? lob.map(Optional::of) : Mono.just(value))
                .collectList()
                .map(values -> new Run(run.command(), plain(values)));
    }

    private static List<@Nullable Object> plain(List<? extends Optional<?>> values) {
        List<@Nullable Object> plain = new ArrayList<>(values.size());
        for (Optional<?> value : values) {
            plain.add(value.isPresent() ? value.get() : null);
        }
        return plain;
    }
}
