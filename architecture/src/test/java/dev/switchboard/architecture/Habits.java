package dev.switchboard.architecture;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.AccessTarget.CodeUnitAccessTarget;
import com.tngtech.archunit.core.domain.JavaAccess;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.lang.ArchRule;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Predicate;
import org.reactivestreams.Publisher;
import org.reactivestreams.Subscriber;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;

/** What code of a published module does not do. */
final class Habits {

    /** The owners of work that goes on when nobody listens any more: one class for each module that has such work. */
    private static final Set<String> SUBSCRIBERS = Set.of("dev.switchboard.core.BackgroundWork");

    /** Who chooses threads. Everybody else gets a scheduler handed in, so that tests can bring virtual time. */
    private static final Set<String> SCHEDULER_CHOOSERS = Set.of(
            // The default timer of a registry that was given none.
            "dev.switchboard.core.RegistryOptions",
            // A listener may take its time, so each has a worker.
            "dev.switchboard.core.ConnectionEvents",
            // Looking for a driver reads the class path, and some drivers block while their factory is made.
            "dev.switchboard.core.ConnectionSlot",
            // Some drivers read files while their factory is made, here anew for each password.
            "dev.switchboard.core.AskedPassword",
            // Reads the file of a configuration, where that is asked for from a thread that must not block.
            "dev.switchboard.core.SwitchboardConfiguration",
            // Moves the calls of drivers that would block their subscriber, such as H2, to a worker that may block.
            "dev.switchboard.core.SlotPool",
            // Keeps to the event loop of a driver that must be asked on it, MariaDB's.
            "dev.switchboard.core.PhysicalConnection",
            // Owns the threads of the bridge; a place that became free is handed on by a thread that owns no
            // connection.
            "dev.switchboard.jdbc.Workers",
            // What a directory of shards said grows old; it belongs to no registry whose timer could be used.
            "dev.switchboard.routing.ShardDirectory",
            // Closing the last connection of a database in memory is a JDBC call without a worker of its own.
            "dev.switchboard.jdbc.BridgeConnectionFactory",
            // The deadline of an opening that waits for a worker.
            "dev.switchboard.jdbc.OpenMono");

    private static final Set<String> TIMERS_OF_THEIR_OWN = Set.of(
            // A statement of the SQL client ends in time whatever connection it runs on; no registry's timer is at
            // hand.
            "dev.switchboard.routing.StatementTimer",
            // So does the work of a transaction.
            "dev.switchboard.routing.Transactions",
            // The parts of a prepared transaction may belong to several registries, and its recovery to none.
            "dev.switchboard.routing.PreparedTransaction",
            "dev.switchboard.routing.PreparedTransactions",
            // A shard has its time for an answer; the shards may belong to several registries.
            "dev.switchboard.routing.FanOut");

    /** Who may put its thread to sleep: what runs on a worker of the bridge only. */
    private static final Set<String> SLEEPERS = Set.of(
            // SQLite has no queue for its locks: whoever waits for one looks again.
            "dev.switchboard.jdbc.SqliteLockWait",
            // The journal of a new file is switched by who opens it first; SQLite does not wait there.
            "dev.switchboard.jdbc.SqliteSession");

    /** Who knows threads: the edge where a program blocks, for those that ask for it. */
    private static final Set<String> BOUND_TO_THREADS =
            Set.of("dev.switchboard.routing.propagation.RouteThreadLocalAccessor");

    private static final Set<String> BLOCKING =
            Set.of("block", "blockFirst", "blockLast", "blockOptional", "toIterable", "toStream");

    private Habits() {}

    static List<HouseRule> rules() {
        return List.of(
                noBlocking(),
                noSubscribing(),
                noSchedulers(),
                noHiddenClock(),
                noSleeping(),
                noThreadLocal(),
                noPrinting(),
                noLogging());
    }

    private static HouseRule noBlocking() {
        return HouseRule.of(
                "nobody waits for a publisher",
                published(calls(
                        "a method of a publisher that blocks",
                        target -> onPublisher(target) && BLOCKING.contains(target.getName()))),
                """
                package dev.switchboard.core;
                class Offender {
                    Object wait(reactor.core.publisher.Flux<String> flux) {
                        java.util.function.Function<reactor.core.publisher.Mono<String>, Object> wait =
                                reactor.core.publisher.Mono::block;
                        return wait.apply(flux.next());
                    }
                }
                """);
    }

    private static HouseRule noSubscribing() {
        return HouseRule.withExceptions(
                "only the owners of background work subscribe on their own account",
                SUBSCRIBERS,
                exceptions -> publishedExcept(
                        exceptions,
                        calls(
                                "subscribe without a subscriber of somebody else's",
                                target -> onPublisher(target)
                                        && target.getName().equals("subscribe")
                                        && !takesSubscriber(target))),
                """
                package dev.switchboard.routing;
                class Offender {
                    void start(reactor.core.publisher.Mono<String> mono) {
                        mono.subscribe(ignored -> {});
                    }
                }
                """);
    }

    private static HouseRule noSchedulers() {
        return HouseRule.withExceptions(
                "only a few classes choose threads",
                SCHEDULER_CHOOSERS,
                exceptions -> publishedExcept(
                        exceptions,
                        calls(
                                "a method of Schedulers",
                                target -> target.getOwner().isEquivalentTo(Schedulers.class))),
                """
                package dev.switchboard.routing;
                class Offender {
                    Object choose() {
                        return reactor.core.scheduler.Schedulers.boundedElastic();
                    }
                }
                """);
    }

    private static HouseRule noHiddenClock() {
        return HouseRule.withExceptions(
                "every deadline is told by the timer that was handed in",
                TIMERS_OF_THEIR_OWN,
                exceptions -> publishedExcept(
                        exceptions,
                        calls(
                                "an operator that takes a duration and Reactor's own timer",
                                target -> onPublisher(target)
                                        && takes(target, Duration.class)
                                        && !takes(target, Scheduler.class))),
                """
                package dev.switchboard.core;
                class Offender {
                    Object hurry(reactor.core.publisher.Mono<String> mono) {
                        return mono.timeout(java.time.Duration.ofSeconds(1));
                    }
                }
                """);
    }

    private static HouseRule noSleeping() {
        return HouseRule.withExceptions(
                "no thread is put to sleep",
                SLEEPERS,
                exceptions ->
                        publishedExcept(exceptions, calls("a method that puts its thread to sleep", Habits::sleeps)),
                """
                package dev.switchboard.jdbc;
                class Offender {
                    void rest() throws InterruptedException {
                        Thread.sleep(1);
                    }
                }
                """);
    }

    private static HouseRule noThreadLocal() {
        return HouseRule.withExceptions(
                "nothing is tied to a thread",
                BOUND_TO_THREADS,
                exceptions -> noClasses()
                        .that(areNotAmong(exceptions))
                        .should()
                        .dependOnClassesThat()
                        .areAssignableTo(ThreadLocal.class)
                        .because("a chain changes its thread at any operator; what must travel goes into the Context"),
                """
                package dev.switchboard.core;
                class Offender {
                    static final ThreadLocal<String> NAME = new ThreadLocal<>();
                }
                """);
    }

    private static HouseRule noPrinting() {
        return HouseRule.of(
                "nobody prints",
                noClasses()
                        .should()
                        .accessField(System.class, "out")
                        .orShould()
                        .accessField(System.class, "err")
                        .because("a library logs, signals or returns"),
                """
                package dev.switchboard.tenancy;
                class Offender {
                    java.io.PrintStream stream = System.err;
                }
                """);
    }

    private static HouseRule noLogging() {
        return HouseRule.of(
                "logging goes through SLF4J",
                noClasses()
                        .should()
                        .dependOnClassesThat()
                        .resideInAnyPackage("java.util.logging..", "org.apache..", "ch.qos..", "reactor.util")
                        .because("the program chooses the logger"),
                """
                package dev.switchboard.jdbc;
                class Offender {
                    Object logger = java.util.logging.Logger.getLogger("offender");
                }
                """);
    }

    private static ArchRule published(DescribedPredicate<JavaAccess<?>> access) {
        return noClasses().should().accessTargetWhere(access);
    }

    private static ArchRule publishedExcept(Set<String> exceptions, DescribedPredicate<JavaAccess<?>> access) {
        return noClasses().that(areNotAmong(exceptions)).should().accessTargetWhere(access);
    }

    private static DescribedPredicate<JavaClass> areNotAmong(Set<String> exceptions) {
        return DescribedPredicate.describe(
                "are not among " + exceptions, type -> !exceptions.contains(outermost(type)));
    }

    private static String outermost(JavaClass type) {
        String name = type.getName();
        int nested = name.indexOf('$');
        return nested < 0 ? name : name.substring(0, nested);
    }

    private static DescribedPredicate<JavaAccess<?>> calls(String description, Predicate<CodeUnitAccessTarget> wanted) {
        return DescribedPredicate.describe(
                description,
                access -> access.getTarget() instanceof CodeUnitAccessTarget target && wanted.test(target));
    }

    private static boolean onPublisher(CodeUnitAccessTarget target) {
        return target.getOwner().isAssignableTo(Publisher.class);
    }

    private static boolean takes(CodeUnitAccessTarget target, Class<?> parameter) {
        return target.getRawParameterTypes().stream().anyMatch(type -> type.isEquivalentTo(parameter));
    }

    private static boolean takesSubscriber(CodeUnitAccessTarget target) {
        return target.getRawParameterTypes().stream().anyMatch(type -> type.isAssignableTo(Subscriber.class));
    }

    private static boolean sleeps(CodeUnitAccessTarget target) {
        JavaClass owner = target.getOwner();
        return switch (target.getName()) {
            case "sleep" -> owner.isAssignableTo(Thread.class) || owner.isEquivalentTo(TimeUnit.class);
            case "wait" -> owner.isEquivalentTo(Object.class);
            default -> owner.isEquivalentTo(LockSupport.class);
        };
    }
}
