package dev.switchboard.examples.benchmarks;

import java.util.List;

/**
 * One line of the table.
 *
 * @param what what was measured
 * @param ratio our share of the limit's speed: median and range
 * @param cpu the same by processor time, which other programs on the machine disturb less
 * @param goal the share that is meant to be reached
 * @param limit how fast the limit is
 * @param ours how fast we are
 */
record Row(String what, String ratio, String cpu, String goal, String limit, String ours) {

    static final Row HEAD = new Row("what", "ours / limit, median (range)", "by CPU time", "goal", "limit", "ours");

    List<String> cells() {
        return List.of(what, ratio, cpu, goal, limit, ours);
    }
}
