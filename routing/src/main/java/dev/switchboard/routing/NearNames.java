package dev.switchboard.routing;

import java.util.Collection;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Finds the name that somebody may have meant. */
final class NearNames {

    private static final int FARTHEST = 2;
    private static final int LONGEST = 64;

    private NearNames() {}

    /** The name that differs least: only in capitals and underscores, or by two letters at most; null where none does. */
    static @Nullable String nearest(String wanted, Collection<String> names) {
        String nearest = null;
        int least = FARTHEST + 1;
        for (String name : names) {
            int distance = distance(simplified(wanted), simplified(name));
            if (distance < least) {
                nearest = name;
                least = distance;
            }
        }
        return nearest;
    }

    private static String simplified(String name) {
        return name.replace("_", "").toLowerCase(Locale.ROOT);
    }

    /** Letters to change, add, drop or swap with their neighbour; too far where the names are long, or half of one differs. */
    private static int distance(String one, String other) {
        int shorter = Math.min(one.length(), other.length());
        if (Math.max(one.length(), other.length()) > LONGEST) {
            return FARTHEST + 1;
        }
        int[][] table = new int[one.length() + 1][other.length() + 1];
        for (int i = 0; i <= one.length(); i++) {
            for (int j = 0; j <= other.length(); j++) {
                table[i][j] = i == 0 || j == 0 ? i + j : cell(table, one, other, i, j);
            }
        }
        int distance = table[one.length()][other.length()];
        return distance == 0 || 2 * distance <= shorter ? distance : FARTHEST + 1;
    }

    private static int cell(int[][] table, String one, String other, int i, int j) {
        boolean same = one.charAt(i - 1) == other.charAt(j - 1);
        int best = Math.min(Math.min(table[i - 1][j], table[i][j - 1]) + 1, table[i - 1][j - 1] + (same ? 0 : 1));
        boolean swapped =
                i > 1 && j > 1 && one.charAt(i - 1) == other.charAt(j - 2) && one.charAt(i - 2) == other.charAt(j - 1);
        return swapped ? Math.min(best, table[i - 2][j - 2] + 1) : best;
    }
}
