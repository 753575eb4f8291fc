package dev.switchboard.examples.fleet;

import java.io.PrintStream;
import java.lang.management.ManagementFactory;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import java.util.stream.Collectors;
import org.HdrHistogram.Histogram;

/** What is printed. */
final class Page {

    private static final String ROW = "  %-16s %5s %6s %10s %9s %10s %9s %9s %9s %9s %9s %8s%n";

    private final PrintStream out;
    private final Plan plan;
    private long began;
    private long before;

    Page(PrintStream out, Plan plan) {
        this.out = out;
        this.plan = plan;
    }

    private void line(String format, Object... values) {
        out.printf(Locale.ROOT, format + "%n", values);
    }

    void intention() {
        line(
                "Switchboard fleet: %d databases on %d %s servers, each of which takes %d connections",
                plan.databases(), plan.servers(), plan.product().productName(), ShardHost.most(plan.connections()));
        line(
                "A pool of 20 for each database could open %s connections; all servers together take %d.",
                thousands(20L * plan.databases()), plan.servers() * ShardHost.most(plan.connections()));
        line(
                plan.naive()
                        ? "Here it is done like that: r2dbc-pool for each, behind Spring's AbstractRoutingConnectionFactory."
                        : "Here one registry has a budget: ConnectionBudget.builder().perHost(%d)"
                                + (plan.moving() ? ".moving(..)" : "") + ".build()",
                plan.connections());
    }

    void begin(int databases) {
        began = System.nanoTime();
        out.println();
        line(
                "%d databases are there, the others are created and registered meanwhile. %d chains ask for %d s.",
                databases, plan.chains(), plan.seconds());
        out.println();
    }

    void progress(Load load, List<ShardHost> hosts) {
        long answers = load.answers();
        line(
                "  %3d s %4d databases %9s answers %7s/s %6s errors   sessions by the servers' count %s",
                TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - began),
                load.shards(),
                thousands(answers),
                thousands(answers - before),
                thousands(load.errors()),
                hosts.stream().map(host -> String.valueOf(host.sample())).collect(Collectors.joining(", ")));
        before = answers;
    }

    void result(Load load, List<ShardHost> hosts, Waits waits, Access access) {
        out.println();
        out.printf(
                ROW,
                "server",
                "cap",
                "peak",
                "high-water",
                "refused",
                "reclaimed",
                "answers",
                "waits",
                "p50",
                "p99",
                "longest",
                "errors");
        for (int i = 0; i < hosts.size(); i++) {
            row(i, hosts.get(i), load, waits, access.reclaimed(i));
        }
        legend();
        out.println();
        line(
                "%s answers, %s of them from the wrong database, %s errors; %d databases; %d threads in this JVM for %d chains.",
                thousands(load.answers()),
                thousands(load.wrong()),
                thousands(load.errors()),
                load.shards(),
                ManagementFactory.getThreadMXBean().getThreadCount(),
                plan.chains());
        if (plan.moving()) {
            line("%s idle connections went to another database.", thousands(access.moved()));
        }
        load.reasons().entrySet().stream()
                .sorted(Map.Entry.comparingByValue((one, other) -> Long.compare(other.sum(), one.sum())))
                .limit(3)
                .forEach(this::reason);
    }

    private void row(int server, ShardHost host, Load load, Waits waits, long reclaimed) {
        Histogram wait = waits.of(server);
        out.printf(
                ROW,
                host.address(),
                plan.connections(),
                host.peak(),
                host.highWaterMark(),
                host.refused(),
                reclaimed < 0 ? "-" : thousands(reclaimed),
                thousands(load.answers(server)),
                thousands(waits.longerThanNothing(server)),
                millis(wait.getValueAtPercentile(50)),
                millis(wait.getValueAtPercentile(99)),
                millis(wait.getMaxValue()),
                thousands(load.errors(server)));
    }

    private void legend() {
        out.println();
        legend("cap", "what the program may have open on the server" + (plan.naive() ? "; nothing here knows it" : ""));
        legend("peak", "the most sessions in these databases, by asking the server every 100 ms");
        legend("high-water", "the most by the server's own account: with those still leaving or not logged in yet");
        legend("refused", "connects that the server turned away");
        legend("reclaimed", "idle connections that were closed to make room for another database");
        legend("waits", "borrowers that waited a millisecond or longer; p50, p99, longest: how long all waited");
    }

    private void legend(String column, String meaning) {
        line("  %-11s %s", column, meaning);
    }

    private void reason(Map.Entry<String, LongAdder> reason) {
        line("  %s times %s", thousands(reason.getValue().sum()), reason.getKey());
    }

    private static String thousands(long number) {
        return String.format(Locale.ROOT, "%,d", number);
    }

    private static String millis(long micros) {
        return String.format(Locale.ROOT, "%.1f ms", micros / 1e3);
    }
}
