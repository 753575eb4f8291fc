package dev.switchboard.core;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The registered names that somebody may have meant: at most three, the closest first. The work per name is bounded (no name
 * longer than a name may be is compared at all), so that a hostile name asked of a large registry costs a few milliseconds.
 */
final class NearMisses {

    private static final int MOST = 3;
    private static final int FARTHEST = 2;
    private static final int SHORTEST_PREFIX = 3;

    private static final Comparator<NearMiss> CLOSEST_FIRST = Comparator.comparingInt(NearMiss::distance)
            .thenComparing(Comparator.comparingInt(NearMiss::prefix).reversed())
            .thenComparing(NearMiss::name);

    private NearMisses() {}

    /**
     * Looks through all names once.
     *
     * @param name what was asked for
     * @param names the names that may be shown, in any order
     * @return the closest, in an order that does not depend on the order of the names
     */
    static List<String> of(String name, Stream<String> names) {
        if (name.isBlank() || name.length() > ConnectionDefinition.LONGEST_NAME) {
            return List.of();
        }
        String wanted = name.toLowerCase(Locale.ROOT);
        List<NearMiss> closest = new ArrayList<>(MOST + 1);
        names.forEach(candidate -> keep(closest, compare(wanted, candidate)));
        return closest.stream().map(NearMiss::name).toList();
    }

    private static void keep(List<NearMiss> closest, @Nullable NearMiss found) {
        if (found == null) {
            return;
        }
        int at = closest.size();
        while (at > 0 && CLOSEST_FIRST.compare(found, closest.get(at - 1)) < 0) {
            at--;
        }
        if (at < MOST) {
            closest.add(at, found);
        }
        if (closest.size() > MOST) {
            closest.remove(MOST);
        }
    }

    private static @Nullable NearMiss compare(String wanted, String name) {
        if (name.length() > ConnectionDefinition.LONGEST_NAME) {
            return null;
        }
        int shorter = Math.min(wanted.length(), name.length());
        int longer = Math.max(wanted.length(), name.length());
        int prefix = commonPrefix(wanted, name, shorter);
        if (longer - shorter <= FARTHEST) {
            int suffix = commonSuffix(wanted, name, shorter - prefix);
            int distance = new Differing(wanted, name, prefix, suffix).distance();
            if (distance <= FARTHEST && distance < shorter) {
                return new NearMiss(name, distance, prefix);
            }
        }
        boolean alike = prefix >= SHORTEST_PREFIX && 2 * prefix >= longer;
        return alike ? new NearMiss(name, FARTHEST + 1, prefix) : null;
    }

    private static int commonPrefix(String wanted, String name, int most) {
        int length = 0;
        while (length < most && wanted.charAt(length) == Character.toLowerCase(name.charAt(length))) {
            length++;
        }
        return length;
    }

    private static int commonSuffix(String wanted, String name, int most) {
        int length = 0;
        while (length < most
                && wanted.charAt(wanted.length() - 1 - length)
                        == Character.toLowerCase(name.charAt(name.length() - 1 - length))) {
            length++;
        }
        return length;
    }

    /** What two names differ in, once their common ends are cut off; mostly next to nothing. */
    private record Differing(String wanted, String name, int prefix, int suffix) {

        /** Damerau-Levenshtein (neighbours swapped count once) near the diagonal, given up once it is too far. */
        int distance() {
            int lines = wanted.length() - prefix - suffix;
            int columns = name.length() - prefix - suffix;
            int[][] rows = new int[3][columns + 1];
            for (int column = 0; column <= columns; column++) {
                rows[0][column] = column;
            }
            for (int line = 1; line <= lines; line++) {
                if (fill(rows, line, columns) > FARTHEST) {
                    return FARTHEST + 1;
                }
            }
            return rows[lines % 3][columns];
        }

        private int fill(int[][] rows, int line, int columns) {
            int[] row = rows[line % 3];
            int[] last = rows[(line - 1) % 3];
            int from = Math.max(1, line - FARTHEST);
            row[from - 1] = from == 1 ? line : FARTHEST + 1;
            int lowest = row[from - 1];
            for (int column = from; column <= Math.min(columns, line + FARTHEST); column++) {
                int above = column == line + FARTHEST ? FARTHEST + 1 : last[column];
                int changed = last[column - 1] + (wantedAt(line) == nameAt(column) ? 0 : 1);
                int best = Math.min(Math.min(above, row[column - 1]) + 1, changed);
                if (swaps(line, column)) {
                    best = Math.min(best, rows[(line - 2) % 3][column - 2] + 1);
                }
                row[column] = best;
                lowest = Math.min(lowest, best);
            }
            return lowest;
        }

        private boolean swaps(int line, int column) {
            return line > 1
                    && column > 1
                    && wantedAt(line) == nameAt(column - 1)
                    && wantedAt(line - 1) == nameAt(column);
        }

        private char wantedAt(int line) {
            return wanted.charAt(prefix + line - 1);
        }

        private char nameAt(int column) {
            return Character.toLowerCase(name.charAt(prefix + column - 1));
        }
    }

    private record NearMiss(String name, int distance, int prefix) {}
}
