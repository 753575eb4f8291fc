package dev.switchboard.core;

import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import reactor.core.Scannable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Operators;

/** Where the chain that uses a handle was assembled, as far as Reactor knows. Noted only where leaks are looked for. */
final class Origin {

    private static final int MOST_STEPS = 6;

    private final RegistryCore core;
    private volatile @Nullable Scannable subscriber;

    Origin(RegistryCore core) {
        this.core = core;
    }

    /** Remembers who subscribes; read only when a leak is suspected. */
    <T> Flux<T> of(Flux<T> work) {
        return core.looksForLeaks()
                ? work.transform(Operators.<T, T>lift((source, reader) -> {
                    subscriber = Scannable.from(reader);
                    return reader;
                }))
                : work;
    }

    /** The places nearest to the statement first; a step that was not noted when it was assembled has none. */
    @Override
    public String toString() {
        Scannable reader = subscriber;
        if (reader == null) {
            return "unknown";
        }
        List<String> steps = Stream.concat(Stream.of(reader), reader.actuals())
                .map(Scannable::stepName)
                .filter(step -> step.contains("⇢") || step.startsWith("checkpoint("))
                .map(ErrorText::words)
                .distinct()
                .limit(MOST_STEPS)
                .toList();
        return steps.isEmpty() ? "unknown" : String.join(" <- ", steps);
    }
}
