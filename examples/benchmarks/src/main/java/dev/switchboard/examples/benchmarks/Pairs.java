package dev.switchboard.examples.benchmarks;

import com.sun.management.OperatingSystemMXBean;
import java.lang.management.ManagementFactory;
import java.util.Arrays;
import java.util.Locale;
import java.util.concurrent.Callable;

/**
 * Runs both ways in turns and compares each run with its neighbour, so that whatever else the machine does hits both. Who
 * begins changes from round to round.
 */
final class Pairs {
    /** What happens before each round and does not count. */
    @FunctionalInterface
    interface Preparation {

        void run() throws Exception;
    }

    private static final int WARM_UP = 6;
    private static final OperatingSystemMXBean SYSTEM =
            ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);

    private final Measurement measurement;
    private final double[] ratios;
    private final double[] cpuRatios;
    private final double[] limits;
    private final double[] ours;

    private Pairs(Measurement measurement, int rounds) {
        this.measurement = measurement;
        this.ratios = new double[rounds];
        this.cpuRatios = new double[rounds];
        this.limits = new double[rounds];
        this.ours = new double[rounds];
    }

    static Pairs measure(Measurement measurement, int rounds, Preparation before) throws Exception {
        Pairs pairs = new Pairs(measurement, rounds);
        for (int round = -WARM_UP; round < rounds; round++) {
            before.run();
            pairs.round(round);
        }
        return pairs;
    }

    private void round(int round) throws Exception {
        Run limit;
        Run own;
        if (round % 2 == 0) {
            limit = Run.of(measurement.limit());
            own = Run.of(measurement.ours());
        } else {
            own = Run.of(measurement.ours());
            limit = Run.of(measurement.limit());
        }
        if (limit.answer() != own.answer()) {
            throw new IllegalStateException(measurement.name() + ": the two ways do not do the same, one answers "
                    + limit.answer() + " and the other " + own.answer());
        }
        if (round >= 0) {
            ratios[round] = (double) limit.nanos() / own.nanos();
            cpuRatios[round] = (double) limit.cpuNanos() / Math.max(1, own.cpuNanos());
            limits[round] = measurement.units() * 1e9 / limit.nanos();
            ours[round] = measurement.units() * 1e9 / own.nanos();
        }
    }

    static double median(double[] values) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        int middle = sorted.length / 2;
        return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }

    double ratio() {
        return median(ratios);
    }

    /** One line of the table. */
    Row row() {
        double[] sorted = ratios.clone();
        Arrays.sort(sorted);
        return new Row(
                measurement.name(),
                text("%.2f (%.2f to %.2f)", ratio(), sorted[0], sorted[sorted.length - 1]),
                text("%.2f", median(cpuRatios)),
                measurement.goal() == 0 ? "" : text("%.2f", measurement.goal()),
                text("%,.0f %s/s", median(limits), measurement.unit()),
                text("%,.0f %s/s", median(ours), measurement.unit()));
    }

    /** One run: what it answered, how long it took, and what the processors worked for it, collecting garbage included. */
    private record Run(long answer, long nanos, long cpuNanos) {

        static Run of(Callable<Long> work) throws Exception {
            long cpu = SYSTEM.getProcessCpuTime();
            long start = System.nanoTime();
            long answer = work.call();
            return new Run(answer, System.nanoTime() - start, SYSTEM.getProcessCpuTime() - cpu);
        }
    }

    private static String text(String format, Object... values) {
        return String.format(Locale.ROOT, format, values);
    }
}
