package dev.switchboard.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.junit.jupiter.api.Assertions.assertTimeout;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class NearMissesTests {

    @Test
    void twoEditsAreNearAndThreeAreNot() {
        assertThat(of("orders", "order")).containsExactly("order");
        assertThat(of("orders", "ordrse")).containsExactly("ordrse");
        assertThat(of("orders", "roders")).containsExactly("roders");
        assertThat(of("orders", "xxders")).containsExactly("xxders");
        assertThat(of("orders", "xxxers")).isEmpty();
    }

    @Test
    void aSharedBeginningIsNear() {
        assertThat(of("billing_production", "billing_prod")).containsExactly("billing_prod");
        assertThat(of("bi", "billing")).isEmpty();
        assertThat(of("tenant_one", "tent")).isEmpty();
    }

    @Test
    void upperAndLowerCaseIsTheNearestMiss() {
        assertThat(of("ORDERS", "orders2", "orders")).containsExactly("orders", "orders2");
    }

    @Test
    void veryShortNamesAreNotNearToEverything() {
        assertThat(of("eu", "us", "de", "ap")).isEmpty();
        assertThat(of("db1", "db2")).containsExactly("db2");
        assertThat(of("", "db2")).isEmpty();
    }

    @Test
    void atMostThreeAreGivenInTheSameOrderWhateverTheOrderOfTheNames() {
        List<String> names = new ArrayList<>(
                IntStream.range(0, 100).mapToObj(i -> "shard" + i).toList());
        List<String> first = NearMisses.of("shard1x", names.stream());
        assertThat(first).containsExactly("shard1", "shard10", "shard11");
        for (int seed = 0; seed < 20; seed++) {
            Collections.shuffle(names, new Random(seed));
            assertThat(NearMisses.of("shard1x", names.stream())).isEqualTo(first);
        }
    }

    @Test
    void theBandedDistanceAgreesWithThePlainOne() {
        Random random = new Random(42);
        for (int round = 0; round < 20_000; round++) {
            String left = word(random);
            String right = word(random);
            int distance = plainDistance(left, right);
            boolean near = distance <= 2 && distance < Math.min(left.length(), right.length());
            int prefix = prefix(left, right);
            boolean alike = prefix >= 3 && 2 * prefix >= Math.max(left.length(), right.length());
            assertThat(of(left, right))
                    .as("%s and %s: %d", left, right, distance)
                    .hasSize(near || alike ? 1 : 0);
        }
    }

    @Test
    void aHostileNameAskedOfAHundredThousandCostsLittle() {
        List<String> names =
                IntStream.range(0, 100_000).mapToObj(i -> "a".repeat(190) + i).toList();
        assertTimeout(Duration.ofSeconds(1), () -> {
            assertThat(NearMisses.of("a".repeat(10_000), names.stream())).isEmpty();
        });
        assertTimeout(Duration.ofSeconds(10), () -> {
            assertThat(NearMisses.of("a".repeat(195), names.stream())).hasSize(3);
        });
        assertThatCode(() -> NearMisses.of("\ud83d\u0000\n", names.stream())).doesNotThrowAnyException();
    }

    private static List<String> of(String name, String... names) {
        return NearMisses.of(name, Stream.of(names));
    }

    private static String word(Random random) {
        StringBuilder word = new StringBuilder();
        for (int length = 1 + random.nextInt(7); length > 0; length--) {
            word.append((char) ('a' + random.nextInt(3)));
        }
        return word.toString();
    }

    private static int prefix(String left, String right) {
        int length = 0;
        while (length < Math.min(left.length(), right.length()) && left.charAt(length) == right.charAt(length)) {
            length++;
        }
        return length;
    }

    private static int plainDistance(String left, String right) {
        int[][] cost = new int[left.length() + 1][right.length() + 1];
        for (int line = 0; line <= left.length(); line++) {
            for (int column = 0; column <= right.length(); column++) {
                cost[line][column] = line == 0 || column == 0 ? line + column : cell(cost, left, right, line, column);
            }
        }
        return cost[left.length()][right.length()];
    }

    private static int cell(int[][] cost, String left, String right, int line, int column) {
        int differs = left.charAt(line - 1) == right.charAt(column - 1) ? 0 : 1;
        int best = Math.min(
                Math.min(cost[line - 1][column], cost[line][column - 1]) + 1, cost[line - 1][column - 1] + differs);
        boolean swapped = line > 1
                && column > 1
                && left.charAt(line - 1) == right.charAt(column - 2)
                && left.charAt(line - 2) == right.charAt(column - 1);
        return swapped ? Math.min(best, cost[line - 2][column - 2] + 1) : best;
    }
}
