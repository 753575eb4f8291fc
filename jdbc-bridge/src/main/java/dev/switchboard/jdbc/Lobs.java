package dev.switchboard.jdbc;

import io.r2dbc.spi.Blob;
import io.r2dbc.spi.Clob;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** Large objects: JDBC takes them whole, so they are collected before the statement runs. */
final class Lobs {
    private static final int PART = 64 * 1024;

    private Lobs() {}

    /** Bytes that JDBC has read, in parts as they are asked for. */
    static Blob blob(byte[] bytes) {
        return Blob.from(Flux.generate(() -> 0, (from, sink) -> {
            int end = Math.min(from + PART, bytes.length);
            if (from == bytes.length) {
                sink.complete();
            } else {
                sink.next(ByteBuffer.wrap(bytes, from, end - from).slice());
            }
            return end;
        }));
    }

    /** Text that JDBC has read, in parts as they are asked for; no character is cut in two. */
    static Clob clob(String text) {
        return Clob.from(Flux.generate(() -> 0, (from, sink) -> {
            int end = Math.min(from + PART, text.length());
            end -= end < text.length() && Character.isHighSurrogate(text.charAt(end - 1)) ? 1 : 0;
            if (from == text.length()) {
                sink.complete();
            } else {
                sink.next(text.substring(from, end));
            }
            return end;
        }));
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

    /** The values with their large objects collected, each one once however often it stands among them. */
    static Mono<@Nullable Object[]> resolved(@Nullable Object[] values) {
        return Mono.defer(() -> {
            Map<Object, Object> read = new HashMap<>();
            List<Mono<?>> lobs = new ArrayList<>();
            for (Object value : values) {
                if (value instanceof Mono<?> lob && read.putIfAbsent(lob, lob) == null) {
                    lobs.add(lob.doOnNext(content -> read.put(lob, content)));
                }
            }
            return Flux.fromIterable(lobs).concatMap(lob -> lob).then(Mono.fromSupplier(() -> plain(values, read)));
        });
    }

    private static @Nullable Object[] plain(@Nullable Object[] values, Map<Object, Object> read) {
        @Nullable Object[] plain = values.clone();
        for (int i = 0; i < plain.length; i++) {
            plain[i] = plain[i] instanceof Mono<?> lob ? read.get(lob) : plain[i];
        }
        return plain;
    }
}
