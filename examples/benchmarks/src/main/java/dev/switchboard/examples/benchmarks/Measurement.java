package dev.switchboard.examples.benchmarks;

import java.util.concurrent.Callable;

/**
 * The same work in two ways.
 *
 * @param name what is done
 * @param goal the least share of the limit's speed that it is meant to reach; 0 where there is no goal
 * @param units how many things one run does
 * @param unit the word for them
 * @param limit does it in the fastest way there is; answers something that depends on every row
 * @param ours does it through the bridge; answers the same
 */
record Measurement(String name, double goal, int units, String unit, Callable<Long> limit, Callable<Long> ours) {}
