package dev.switchboard.databases;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.locks.LockSupport;

/** Looks at processes that are not children of this JVM. */
final class LinuxProcess {
    private static final long POLL_NANOS = Duration.ofMillis(5).toNanos();

    private LinuxProcess() {}

    /** Whether the process still runs; one that only waits to be collected by its parent does not. */
    static boolean isRunning(long processId) {
        try {
            String stat = Files.readString(Path.of("/proc", Long.toString(processId), "stat"));
            return stat.charAt(stat.lastIndexOf(')') + 2) != 'Z';
        } catch (NoSuchFileException gone) {
            return false;
        } catch (IOException goneWhileReading) {
            return ProcessHandle.of(processId).isPresent();
        }
    }

    static void awaitEnd(long processId, Duration longest) {
        long deadline = System.nanoTime() + longest.toNanos();
        while (isRunning(processId)) {
            if (System.nanoTime() > deadline) {
                throw new IllegalStateException("Process " + processId + " still runs after " + longest);
            }
            LockSupport.parkNanos(POLL_NANOS);
        }
    }
}
