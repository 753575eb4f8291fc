package dev.switchboard.routing;

import static dev.switchboard.routing.Routing.usingConnection;
import static org.assertj.core.api.Assertions.assertThat;

import dev.switchboard.databases.Product;
import dev.switchboard.databases.TestSize;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** A program that commits in PostgreSQL and MariaDB is killed (SIGKILL) again and again; both sides agree afterwards. */
@Tag("once")
class TwoPhaseCrashTests {

    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final int ROUNDS = TestSize.of(2, 200);
    private static final int APART = 1_000_000;

    private final Random random = new Random(7);
    private final List<Integer> told = new ArrayList<>();

    @Test
    void bothSidesAgreeAfterEachKillAndNoBranchIsLeft() throws Exception {
        try (Fleet fleet = new Fleet().add(Product.MARIADB, "billing").add(Product.POSTGRESQL, "orders")) {
            PreparedTransactions recovery = PreparedTransactions.builder(fleet.routed(), "orders")
                    .owner("child")
                    .databases("orders", "billing")
                    .clock(Clock.fixed(Instant.now().plus(Duration.ofDays(1)), ZoneOffset.UTC))
                    .keepDecisions(Duration.ofDays(7))
                    .build();
            recovery.createLog().block(PATIENCE);
            int recovered = 0;
            for (int round = 0; round < ROUNDS; round++) {
                runAndKill(fleet, round * APART);
                recovered += recoverAll(fleet, recovery);
                assertThat(fleet.notesIn("orders"))
                        .isEqualTo(fleet.notesIn("billing"))
                        .containsAll(told);
                told.clear();
                fleet.clearNotes();
            }
            System.out.println(ROUNDS + " kills: " + recovered + " branches were left and finished");
        }
    }

    /** A branch of MariaDB is free when its server has noticed that the client is gone. */
    private static int recoverAll(Fleet fleet, PreparedTransactions recovery) {
        int recovered = 0;
        Instant until = Instant.now().plus(PATIENCE);
        do {
            recovered += recovery.recover().collectList().block(PATIENCE).size();
            assertThat(Instant.now()).as("branches are left").isBefore(until);
        } while (!isClean(fleet));
        return recovered;
    }

    private static boolean isClean(Fleet fleet) {
        long postgresql = fleet.db()
                .sql("SELECT count(*) FROM pg_prepared_xacts WHERE gid LIKE 'sb-child-%'")
                .map(Long.class)
                .one()
                .contextWrite(usingConnection("orders"))
                .block(PATIENCE);
        long mariadb = fleet.db()
                .sql("XA RECOVER")
                .map(row -> 1)
                .all()
                .count()
                .contextWrite(usingConnection("billing"))
                .block(PATIENCE);
        return postgresql + mariadb == 0;
    }

    private void runAndKill(Fleet fleet, int first) throws IOException, InterruptedException {
        Process child = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-cp",
                        System.getProperty("java.class.path"),
                        TwoPhaseProgram.class.getName(),
                        fleet.databaseOf("orders").url(),
                        fleet.databaseOf("billing").url(),
                        String.valueOf(first))
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        int last = 1 + random.nextInt(40);
        try (BufferedReader lines = child.inputReader(StandardCharsets.UTF_8)) {
            String line = lines.readLine();
            for (int read = 0; line != null; line = lines.readLine()) {
                if (line.startsWith("committed ")) {
                    told.add(Integer.parseInt(line.substring("committed ".length())));
                    read++;
                }
                if (read == last) {
                    // SIGKILL; by the handle, which leaves the stream open for what was still written.
                    child.toHandle().destroyForcibly();
                }
            }
        } finally {
            child.destroyForcibly().waitFor();
        }
        assertThat(told).as("what the program said before it was killed").hasSizeGreaterThanOrEqualTo(last);
    }
}
