package dev.switchboard.core;

import static org.assertj.core.api.Assertions.assertThat;

import dev.switchboard.databases.Database;
import dev.switchboard.databases.Product;
import dev.switchboard.databases.TestSize;
import io.r2dbc.spi.Connection;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

/**
 * Names that are used, replaced, removed and registered again, disposed of and recreated from many threads in the same
 * moment, on a fixed seed: no answer from a database that the name never stood for while the query ran, no error that is
 * not explained, nothing that does not end, nothing left. What two changes of one name do to each other is for
 * {@link RegistryRaceTests}.
 *
 * <p>The model of a name is the list of its definitions in the order of their versions: a query that began when version
 * {@code a} was the latest one asked for and ended when {@code b} was must be answered by a version from {@code a} to {@code b},
 * where "asked for" counts a change from before it starts, and "in force" from when its call was made.
 */
@Tag("once")
class RegistryModelTests {

    private static final long SEED = 20_261_121L;
    private static final int NAMES = 6;
    private static final int WORKERS = 12;

    private final ReactiveConnectionRegistry registry = ReactiveConnectionRegistry.create();
    private final AtomicInteger answers = new AtomicInteger();
    private final Map<String, AtomicInteger> refusals = new ConcurrentHashMap<>();
    private final List<Throwable> unexplained = java.util.Collections.synchronizedList(new ArrayList<>());
    private final List<String> wrong = java.util.Collections.synchronizedList(new ArrayList<>());
    private final List<Name> names = new ArrayList<>();
    private final List<Database> databases = new ArrayList<>();

    /** One name; a single thread at a time changes it, as the model could not tell otherwise which change came last. */
    private final class Name {

        private final String name;
        private final AtomicLong asked = new AtomicLong();
        private final AtomicLong inForce = new AtomicLong();
        private final AtomicInteger changing = new AtomicInteger();

        Name(String name) {
            this.name = name;
        }

        ConnectionDefinition definition(long version) {
            Database database = databases.get((int) (version % databases.size()));
            return ConnectionDefinition.of(name, database.url())
                    .withPool(pool -> pool.maxSize(2)
                            .acquireTimeout(Duration.ofSeconds(5))
                            .drainTimeout(Duration.ofSeconds(5)));
        }

        /** Changes the name when nobody else is; the drain is left to itself. */
        Mono<Void> change(boolean remove) {
            return Mono.defer(() -> {
                if (!changing.compareAndSet(0, 1)) {
                    return Mono.empty();
                }
                long version = asked.incrementAndGet();
                Mono<Void> drain = remove ? registry.unregister(name) : registry.replace(definition(version));
                return begun(drain)
                        .then(Mono.<Void>fromRunnable(() -> {
                            if (remove && !registry.registerIfAbsent(definition(version))) {
                                wrong.add(name + " was not registered again");
                            }
                            inForce.set(version);
                        }))
                        .doFinally(signal -> changing.set(0));
            });
        }

        /** While nobody changes the name it is registered, so it cannot be registered once more. */
        Mono<Void> registerInVain() {
            return Mono.fromRunnable(() -> {
                if (changing.compareAndSet(0, 1)) {
                    if (registry.registerIfAbsent(definition(asked.get() + 1))) {
                        wrong.add(name + " was registered twice");
                    }
                    changing.set(0);
                }
            });
        }

        Mono<Void> query(Random random) {
            boolean leaves = random.nextInt(10) == 0;
            boolean lingers = random.nextInt(10) == 0;
            long patience = random.nextInt(3_000_000);
            return Mono.defer(() -> {
                long from = inForce.get();
                Mono<Object> answer = Mono.usingWhen(
                        registry.connectionFactory(name).create(),
                        connection -> Borrowing.one(connection, "SELECT tag FROM me")
                                .delayUntil(tag -> lingers
                                        ? Mono.delay(Duration.ofMillis(2))
                                                .then(Borrowing.one(connection, "SELECT tag FROM me"))
                                        : Mono.empty()),
                        Connection::close);
                return (leaves ? answer.takeUntilOther(Mono.delay(Duration.ofNanos(patience))) : answer)
                        .doOnNext(tag -> answered(from, Integer.parseInt(tag.toString())))
                        .onErrorResume(RegistryModelTests.this::explained)
                        .then();
            });
        }

        private void answered(long from, int database) {
            answers.incrementAndGet();
            long to = asked.get();
            for (long version = from; version <= to; version++) {
                if (version % databases.size() == database) {
                    return;
                }
            }
            wrong.add(name + " answered from database " + database + " between versions " + from + " and " + to);
        }
    }

    /** Starts it and does not wait for it; only a name that is being removed may be missing. */
    private Mono<Void> begun(Mono<Void> work) {
        return Mono.fromRunnable(() -> work.onErrorResume(UnknownConnectionException.class, gone -> Mono.empty())
                .subscribe(ignored -> {}, unexplained::add));
    }

    private Mono<Object> explained(Throwable failure) {
        if (failure instanceof ConnectionDrainingException || failure instanceof UnknownConnectionException) {
            refusals.computeIfAbsent(failure.getClass().getSimpleName(), kind -> new AtomicInteger())
                    .incrementAndGet();
        } else {
            unexplained.add(failure);
        }
        return Mono.empty();
    }

    private Mono<Void> step(Random random) {
        Name name = names.get(random.nextInt(NAMES));
        int dice = random.nextInt(100);
        if (dice < 4) {
            return name.change(false);
        }
        if (dice < 6) {
            return name.change(true);
        }
        if (dice < 8) {
            return begun(dice < 7 ? registry.dispose(name.name) : registry.recreate(name.name));
        }
        if (dice < 9) {
            return random.nextInt(4) == 0 ? begun(registry.disposeAll()) : name.registerInVain();
        }
        if (dice < 10) {
            return Mono.fromRunnable(() -> registry.names().forEach(RegistryModelTests.this::statusOf));
        }
        return name.query(random);
    }

    private void statusOf(String name) {
        try {
            PoolCounts counts = registry.status(name).counts();
            if (counts.inUse() > counts.max() || counts.waiting() < 0) {
                wrong.add("impossible counts " + counts);
            }
        } catch (UnknownConnectionException removed) {
            refusals.computeIfAbsent("status of a removed name", kind -> new AtomicInteger())
                    .incrementAndGet();
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = Product.class,
            names = {"H2", "SQLITE", "POSTGRESQL"})
    void whateverHappensAtTheSameMomentTheAnswersAreRightAndNothingIsLeft(Product product) {
        for (int i = 0; i < 4; i++) {
            databases.add(Borrowing.tagged(product, i));
        }
        for (int i = 0; i < NAMES; i++) {
            Name name = new Name("name" + i);
            names.add(name);
            registry.register(name.definition(0));
        }
        // A connect costs PostgreSQL a process of its own.
        int steps = product == Product.POSTGRESQL ? TestSize.of(80, 4_000) : TestSize.of(400, 20_000);
        Flux.range(0, WORKERS)
                .flatMap(
                        worker -> {
                            Random random = new Random(SEED + worker);
                            return Flux.range(0, steps)
                                    .concatMap(i -> step(random))
                                    .subscribeOn(Schedulers.parallel());
                        },
                        WORKERS)
                .then()
                .block(Duration.ofSeconds(TestSize.of(60, 1_200)));
        registry.quiescent().block(Duration.ofSeconds(30));
        System.out.printf(
                "%s, seed %d: %d steps, %d answers, refused %s%n",
                product, SEED, WORKERS * steps, answers.get(), refusals);
        assertThat(wrong).isEmpty();
        assertThat(unexplained).isEmpty();
        assertThat(answers.get()).isGreaterThan(WORKERS * steps / 2);
        for (Name name : names) {
            PoolCounts counts = registry.status(name.name).counts();
            assertThat(counts.inUse() + counts.opening() + counts.waiting()).isZero();
            // Of a SQLite file one connection is kept for writing.
            int readers = product == Product.SQLITE ? 1 : 2;
            Borrowing.close(IntStream.range(0, readers)
                    .mapToObj(i -> Borrowing.borrowed(registry, name.name))
                    .toList());
        }
        Borrowing.close(registry);
        databases.forEach(Sessions::awaitNone);
        databases.forEach(Database::close);
    }
}
