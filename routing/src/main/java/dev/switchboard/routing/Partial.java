package dev.switchboard.routing;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What several databases answered, although some of them may have failed. Rows that a failed database had sent before are left
 * out: nobody could tell what is missing.
 *
 * @param rows the rows of all databases that answered to the end, in the order of their arrival
 * @param failures the databases that failed, with their errors
 * @param <T> the type of a row
 */
public record Partial<T>(List<FromShard<T>> rows, Map<String, Throwable> failures) {

    /**
     * Copies what it is given.
     *
     * @param rows the rows of all databases that answered to the end
     * @param failures the databases that failed, with their errors
     */
    public Partial {
        rows = List.copyOf(rows);
        failures = Map.copyOf(failures);
    }

    /** {@return whether every database answered to the end} */
    public boolean isComplete() {
        return failures.isEmpty();
    }

    static <T> Partial<T> of(List<ShardSignal<T>> signals) {
        Map<String, Throwable> failures = new LinkedHashMap<>();
        for (ShardSignal<T> signal : signals) {
            if (signal instanceof ShardSignal.Failed<T> failed) {
                failures.put(failed.shard(), failed.failure());
            }
        }
        List<FromShard<T>> rows = new ArrayList<>();
        for (ShardSignal<T> signal : signals) {
            if (signal instanceof ShardSignal.Row<T> row && !failures.containsKey(row.shard())) {
                rows.add(new FromShard<>(row.shard(), row.value()));
            }
        }
        return new Partial<>(rows, failures);
    }
}
