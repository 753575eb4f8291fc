package dev.switchboard.databases;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What many test runs of one machine share is made once, and what ended runs leave behind goes away. */
class MachineFolderTests {
    @TempDir
    private Path home;

    @Test
    void aFolderIsFilledOnceHoweverManyAsk() throws Exception {
        MachineFolder machine = new MachineFolder(home);
        AtomicInteger fillings = new AtomicInteger();
        CyclicBarrier together = new CyclicBarrier(8);
        Callable<Path> ask = () -> {
            together.await();
            return machine.once("things", folder -> {
                fillings.incrementAndGet();
                // Long enough for the others to come here too, if something let them.
                LockSupport.parkNanos(Duration.ofMillis(100).toNanos());
                Files.writeString(folder.resolve("thing"), "made");
            });
        };
        ExecutorService many = Executors.newFixedThreadPool(8);
        try {
            List<Callable<Path>> tasks =
                    IntStream.range(0, 8).mapToObj(task -> ask).toList();
            for (Future<Path> folder : many.invokeAll(tasks)) {
                assertThat(folder.get().resolve("thing")).hasContent("made");
            }
        } finally {
            many.shutdown();
        }
        assertThat(fillings).hasValue(1);
    }

    @Test
    void aFillingThatFailsIsDoneAgainFromTheStart() throws Exception {
        MachineFolder machine = new MachineFolder(home);
        assertThatThrownBy(() -> machine.once("things", folder -> {
                    Files.writeString(folder.resolve("half"), "");
                    throw new IOException("disk full");
                }))
                .hasMessage("disk full");
        Path folder = machine.once("things", again -> Files.writeString(again.resolve("whole"), ""));
        assertThat(folder.resolve("whole")).exists();
        assertThat(folder.resolve("half")).doesNotExist();
    }

    @Test
    void whatAnEndedRunLeftBehindIsDeleted() throws Exception {
        Path abandoned = Files.createDirectories(home.resolve("run/123456789/postgresql1/data"));
        Files.writeString(abandoned.resolve("row"), "");
        Files.createFile(home.resolve("run/123456789/alive"));
        Path instance = new MachineFolder(home).newInstance(Product.POSTGRESQL);
        assertThat(home.resolve("run/123456789")).doesNotExist();
        assertThat(instance).isEmptyDirectory();
    }
}
