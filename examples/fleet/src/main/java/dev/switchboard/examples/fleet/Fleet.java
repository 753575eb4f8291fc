package dev.switchboard.examples.fleet;

import dev.switchboard.databases.Product;
import java.io.PrintStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.opentest4j.TestAbortedException;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

/**
 * 600 databases on three servers that allow 50 connections each, asked by 500 chains at a time, some of the databases created
 * meanwhile. With {@code naive} the same load on a pool for each database.
 */
public final class Fleet {

    private static final Duration SAMPLING = Duration.ofMillis(100);
    private static final Duration LONGEST = Duration.ofMinutes(10);

    private final Plan plan;
    private final Page page;
    private final List<ShardHost> hosts = new ArrayList<>();

    private Fleet(Plan plan, Page page) {
        this.plan = plan;
        this.page = page;
    }

    /**
     * Runs the program.
     *
     * @param arguments the words of {@link Plan}
     */
    public static void main(String... arguments) {
        int status = run(List.of(arguments), System.out, System.err);
        if (status != 0) {
            System.exit(status);
        }
    }

    static int run(List<String> arguments, PrintStream out, PrintStream err) {
        Plan plan;
        try {
            plan = Plan.of(arguments);
        } catch (IllegalArgumentException unknown) {
            err.println(unknown.getMessage());
            return 2;
        }
        Fleet fleet = new Fleet(plan, new Page(out, plan));
        try {
            fleet.start();
            fleet.ask();
            return 0;
        } catch (Unavailable unavailable) {
            err.println("The servers cannot be started here (with Maven, -Dfleet brings them): "
                    + unavailable.getMessage());
            return 1;
        } finally {
            fleet.hosts.forEach(ShardHost::close);
        }
    }

    /** There is no server of the product on this machine. */
    private static final class Unavailable extends Exception {

        private static final long serialVersionUID = 1L;

        Unavailable(RuntimeException why) {
            super(why.getMessage(), why);
        }
    }

    private void start() throws Unavailable {
        page.intention();
        try {
            for (int i = 0; i < plan.servers(); i++) {
                hosts.add(ShardHost.start(plan.product(), i, plan.connections()));
            }
        } catch (IllegalStateException | TestAbortedException why) {
            throw new Unavailable(why);
        }
    }

    private void ask() {
        Waits waits = new Waits(plan.servers());
        String question = plan.product() == Product.POSTGRESQL ? "SELECT current_database()" : "SELECT DATABASE()";
        Access access =
                plan.naive() ? new NaiveAccess(waits, question) : new BudgetedAccess(plan, hosts, waits, question);
        Load load = new Load(access, plan);
        create(load, plan.databases() - plan.databases() / 6).block(LONGEST);
        page.begin(load.shards());
        AtomicBoolean over = new AtomicBoolean();
        Duration warmUp = Duration.ofSeconds(plan.seconds()).dividedBy(4);
        Mono<Void> work = Mono.when(
                load.run(plan.chains(), Duration.ofSeconds(plan.seconds())),
                create(load, plan.databases()),
                Mono.delay(warmUp).doOnNext(now -> waits.reset()));
        Mono.when(
                        work.doFinally(end -> over.set(true)),
                        everyTime(SAMPLING, over, () -> hosts.forEach(ShardHost::sample)),
                        everyTime(Duration.ofSeconds(1), over, () -> page.progress(load, hosts)))
                .block(LONGEST);
        page.result(load, hosts, waits, access);
        access.close();
    }

    /** Creates databases until there are so many, one at a time, and makes each known as soon as it is there. */
    private Mono<Void> create(Load load, int number) {
        return Mono.<Void>fromRunnable(() -> {
                    for (int i = load.shards(); i < number; i++) {
                        load.add(hosts.get(i % plan.servers()).create("shard" + i));
                    }
                })
                .subscribeOn(Schedulers.boundedElastic());
    }

    /** On a worker that may block, which these questions do; nobody is interrupted in the middle of one. */
    private static Mono<Void> everyTime(Duration period, AtomicBoolean over, Runnable question) {
        return Mono.delay(period)
                .then(Mono.fromRunnable(question).subscribeOn(Schedulers.boundedElastic()))
                .repeat(() -> !over.get())
                .then();
    }
}
