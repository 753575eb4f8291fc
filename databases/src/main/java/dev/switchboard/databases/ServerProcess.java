package dev.switchboard.databases;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * A server process that cannot outlive this JVM. A little shell starts it and reads from a pipe that this JVM holds
 * open; when the JVM ends, however it ends, the pipe ends, and the shell ends the server and deletes its folder. Signals
 * to the whole process group, as of a terminal's Ctrl-C, do not stop the shell from doing so.
 */
final class ServerProcess implements ServerControl {
    private static final Duration LONGEST_START = Duration.ofSeconds(60);
    private static final Duration LONGEST_END = Duration.ofSeconds(15);
    /** What it has written is still on its way to the disk then. */
    private static final Duration LONGEST_KILL = Duration.ofSeconds(60);

    private static final long POLL_MILLIS = 10;
    private static final String KEEPER = """
            folder=$1; signal=$2; shift 2
            exec 3<&0
            "$@" </dev/null 3<&- &
            server=$!
            trap '' HUP INT TERM
            echo "$server" >"$folder/pid.new" && mv "$folder/pid.new" "$folder/pid"
            (read -r end <&3; : >"$folder/abandoned"; kill -s "$signal" "$server") 2>/dev/null &
            keeper=$!
            wait "$server"; status=$?
            kill -s KILL "$keeper" 2>/dev/null
            if [ -e "$folder/abandoned" ]; then rm -rf "$folder"; fi
            exit "$status"
            """;

    private final ServerLaunch launch;
    private Process shell;
    private long processId;

    private ServerProcess(ServerLaunch launch) throws IOException {
        this.launch = launch;
        this.shell = startShell();
        this.processId = awaitReady();
    }

    static ServerProcess start(ServerLaunch launch) throws IOException {
        try {
            return new ServerProcess(launch);
        } catch (IOException notStarted) {
            try {
                Folders.delete(launch.folder());
            } catch (IOException stillWritten) {
                // Why it did not start decides whether it is tried again.
                notStarted.addSuppressed(stillWritten);
            }
            throw notStarted;
        }
    }

    @Override
    public synchronized long processId() {
        return processId;
    }

    @Override
    public synchronized void kill() {
        // Children too, else PostgreSQL's backends outlive their parent for a moment and hold its shared memory.
        List<ProcessHandle> family = new ArrayList<>();
        ProcessHandle.of(processId)
                .ifPresent(server ->
                        Stream.concat(Stream.of(server), server.descendants()).forEach(family::add));
        if (!shell.isAlive()) {
            return;
        }
        family.forEach(ProcessHandle::destroyForcibly);
        requireEnd();
        family.forEach(process -> LinuxProcess.awaitEnd(process.pid(), LONGEST_END));
    }

    @Override
    public synchronized void restart() {
        kill();
        try {
            Files.deleteIfExists(pidFile());
            launch.beforeRestart();
            shell = startShell();
            processId = awaitReady();
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }

    @Override
    public synchronized void close() {
        try {
            shell.getOutputStream().close();
            if (!Waiting.forResult(() -> shell.waitFor(LONGEST_END.toSeconds(), TimeUnit.SECONDS))) {
                kill();
            }
            Folders.delete(launch.folder());
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }

    private Process startShell() throws IOException {
        List<String> command = new ArrayList<>(List.of("sh", "-c", KEEPER, "sh"));
        command.add(launch.folder().toString());
        command.add(launch.endSignal());
        command.addAll(launch.program().command());
        ProcessBuilder builder = new ProcessBuilder(command)
                .directory(launch.folder().toFile())
                .redirectErrorStream(true)
                .redirectOutput(launch.log().toFile());
        builder.environment().putAll(launch.program().environment());
        return builder.start();
    }

    private long awaitReady() throws IOException {
        long deadline = System.nanoTime() + LONGEST_START.toNanos();
        while (!launch.ready()) {
            if (Waiting.forResult(() -> shell.waitFor(POLL_MILLIS, TimeUnit.MILLISECONDS))) {
                throw new IOException("The server ended at once, with " + shell.exitValue() + ": " + logText());
            }
            if (System.nanoTime() > deadline) {
                String log = logText();
                close();
                throw new IOException("The server was not ready in " + LONGEST_START.toSeconds() + " s: " + log);
            }
        }
        return Long.parseLong(Files.readString(pidFile()).trim());
    }

    private void requireEnd() {
        if (!Waiting.forResult(() -> shell.waitFor(LONGEST_KILL.toSeconds(), TimeUnit.SECONDS))) {
            throw new IllegalStateException(
                    "Server process " + processId + " did not end in " + LONGEST_KILL.toSeconds() + " s");
        }
    }

    private Path pidFile() {
        return launch.folder().resolve("pid");
    }

    private String logText() throws IOException {
        return Files.exists(launch.log()) ? Files.readString(launch.log()) : "no log";
    }
}
