package dev.switchboard.core;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.Expiry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/**
 * The slots of names that nobody registered, as the directory answered. One that is in use weighs nothing in the cache and
 * does not expire there, so it is never evicted; when its time is over, the directory is asked before it is used
 * again.
 */
final class DirectorySlots {

    private final ConnectionDirectory directory;
    private final DirectoryOptions options;
    private final RegistryCore core;
    private final ConcurrentMap<String, Sinks.One<ConnectionSlot>> asking = new ConcurrentHashMap<>();
    private final Cache<String, Answer> answers;
    private final Cache<String, Boolean> unknown;
    private volatile boolean closed;

    DirectorySlots(ConnectionDirectory directory, DirectoryOptions options, RegistryCore core) {
        this.directory = directory;
        this.options = options;
        this.core = core;
        this.answers = Caffeine.newBuilder()
                .maximumWeight(options.maxRemembered())
                .weigher((String name, Answer answer) -> answer.slot.isInUse() ? 0 : 1)
                .expireAfter(Expiry.writing((String name, Answer answer) -> answer.remembered()))
                .ticker(this::now)
                .evictionListener((name, answer, cause) -> evicted(answer))
                .build();
        this.unknown = Caffeine.newBuilder()
                .maximumSize(options.maxUnknown())
                .expireAfterWrite(options.unknownTimeToLive())
                .ticker(this::now)
                .build();
    }

    private long now() {
        return core.timer().now(TimeUnit.NANOSECONDS);
    }

    /** The slot of a name, by memory or by asking; empty where the directory knows none or must not be asked. */
    Mono<ConnectionSlot> find(String name) {
        return Mono.defer(() -> {
            if (!options.accepts(name)) {
                return Mono.empty();
            }
            Answer answer = answers.getIfPresent(name);
            if (answer != null && answer.isFresh()) {
                return Mono.just(answer.slot);
            }
            return unknown.getIfPresent(name) == null ? ask(name) : Mono.empty();
        });
    }

    /** The slot of a name that was asked for before, or null. */
    @Nullable
    ConnectionSlot remembered(String name) {
        Answer answer = answers.getIfPresent(name);
        return answer == null ? null : answer.slot;
    }

    List<ConnectionSlot> slots() {
        return answers.asMap().values().stream().map(answer -> answer.slot).toList();
    }

    /** Joins the search for a name, or begins it. Who waits may leave; the search goes on for the others. */
    private Mono<ConnectionSlot> ask(String name) {
        Sinks.One<ConnectionSlot> mine = Sinks.one();
        Sinks.One<ConnectionSlot> others = asking.putIfAbsent(name, mine);
        if (others != null) {
            return others.asMono();
        }
        core.background()
                .start(lookUp(name, mine)
                        .doOnSuccess(found -> {
                            asking.remove(name, mine);
                            if (found == null) {
                                mine.tryEmitEmpty();
                            } else {
                                mine.tryEmitValue(found);
                            }
                        })
                        .onErrorResume(failure -> Mono.fromRunnable(() -> {
                            asking.remove(name, mine);
                            mine.tryEmitError(failure);
                        })));
        return mine.asMono();
    }

    /** Asks; where the name was forgotten before the answer came, that answer may be old, and whoever waits gets a new one. */
    private Mono<ConnectionSlot> lookUp(String name, Sinks.One<ConnectionSlot> question) {
        return Mono.defer(() -> answered(name))
                .timeout(
                        options.lookupTimeout(),
                        Mono.error(() -> new DirectoryTimeoutException(name, options.lookupTimeout())),
                        core.timer())
                .singleOptional()
                .flatMap(said -> said.isPresent() ? found(name, said.get(), question) : notFound(name, question));
    }

    private Mono<ConnectionDefinition> answered(String name) {
        Mono<ConnectionDefinition> answer = directory.find(name);
        DefinitionChecks.refuseIf(
                name,
                answer == null,
                "the connection directory answered with null",
                "a Mono, empty where the directory does not know the name",
                "Let it answer with Mono.empty()");
        return answer;
    }

    /** Whether nobody has forgotten the name since the question was asked; holds as long as the name is being computed. */
    private boolean isCurrent(String name, Sinks.One<ConnectionSlot> question) {
        return asking.get(name) == question;
    }

    /** The cache evicts within its own computation for a name, so an answer that is there now is not evicted here. */
    private Mono<ConnectionSlot> found(
            String name, ConnectionDefinition definition, Sinks.One<ConnectionSlot> question) {
        DefinitionChecks.refuseIf(
                name,
                !definition.name().equals(name),
                "the connection directory answered with a definition of another name",
                "a definition of exactly the name that it was asked for",
                "Let it answer with definition.withName(name)");
        List<Mono<Void>> moving = new ArrayList<>(1);
        AtomicReference<ConnectionSlot> slot = new AtomicReference<>();
        answers.asMap().compute(name, (key, before) -> {
            if (!isCurrent(name, question)) {
                return before;
            }
            ConnectionSlot right = before == null
                    ? new ConnectionSlot(definition, core, ConnectionSlot.Owner.watching(() -> weighAgain(name)))
                    : before.slot;
            if (!right.definition().equals(definition)) {
                moving.add(right.replace(definition));
            }
            slot.set(right);
            return new Answer(right, now());
        });
        moving.forEach(core.background()::start);
        if (closed) {
            core.background().start(forget(name, RegistryClosedException::new));
            throw new RegistryClosedException();
        }
        ConnectionSlot right = slot.get();
        return right == null ? find(name) : Mono.just(right);
    }

    private Mono<ConnectionSlot> notFound(String name, Sinks.One<ConnectionSlot> question) {
        AtomicReference<Answer> gone = new AtomicReference<>();
        answers.asMap().compute(name, (key, before) -> {
            if (!isCurrent(name, question)) {
                return before;
            }
            unknown.put(name, true);
            gone.set(before);
            return null;
        });
        Answer before = gone.get();
        if (before != null) {
            core.background().start(before.slot.remove(() -> new ConnectionDrainingException(name)));
        }
        return isCurrent(name, question) ? Mono.empty() : find(name);
    }

    /** The name came into use or out of it: it has to stay, or may go from now on. */
    private void weighAgain(String name) {
        answers.asMap().computeIfPresent(name, (key, answer) -> answer.again());
    }

    /** Runs within the cache's computation, so what follows must not. */
    private void evicted(@Nullable Answer answer) {
        if (answer != null) {
            core.background()
                    .start(Mono.defer(() -> answer.slot.remove(ForgottenException::new))
                            .subscribeOn(core.timer()));
        }
    }

    /** Forgets what the directory said about a name; its waiting borrowers get the error, the rest drains. */
    Mono<Void> forget(String name, Supplier<? extends RuntimeException> reason) {
        return Mono.defer(() -> {
            // The question in flight goes first: what it brings is from before, and whoever stores that looks here.
            asking.remove(name);
            Answer answer = answers.asMap().remove(name);
            unknown.invalidate(name);
            return answer == null ? Mono.empty() : answer.slot.remove(reason);
        });
    }

    Collection<Mono<Void>> close(Supplier<? extends RuntimeException> reason) {
        closed = true;
        return List.copyOf(answers.asMap().keySet()).stream()
                .map(name -> forget(name, reason))
                .toList();
    }

    /** Tells a borrower that its slot was forgotten while it was on its way there: it looks for the name again. */
    static final class ForgottenException extends RuntimeException {

        private static final long serialVersionUID = 1L;

        ForgottenException() {
            super("The directory's answer was forgotten", null, false, false);
        }
    }

    /** A slot and when the directory last said that it is right. */
    private final class Answer {

        private final ConnectionSlot slot;
        private final long saidNanos;

        Answer(ConnectionSlot slot, long saidNanos) {
            this.slot = slot;
            this.saidNanos = saidNanos;
        }

        boolean isFresh() {
            return now() - saidNanos < options.timeToLive().toNanos();
        }

        /** How long the cache keeps it from now on. */
        Duration remembered() {
            long left = saidNanos + options.timeToLive().toNanos() - now();
            return slot.isInUse() ? Duration.ofNanos(Long.MAX_VALUE) : Duration.ofNanos(Math.max(1, left));
        }

        Answer again() {
            return new Answer(slot, saidNanos);
        }
    }
}
