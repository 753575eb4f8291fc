package dev.switchboard.databases;

import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

/**
 * A program with its arguments and environment.
 *
 * @param command the program and its arguments
 * @param environment variables in addition to those of this JVM
 */
record Program(List<String> command, Map<String, String> environment) {

    Program(List<String> command) {
        this(command, Map.of());
    }

    Program with(String... arguments) {
        List<String> longer = new ArrayList<>(command);
        longer.addAll(List.of(arguments));
        return new Program(longer, environment);
    }

    /** Runs to the end and fails with the program's own words when it fails. */
    void run(String input) throws IOException {
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
        builder.environment().putAll(environment);
        Process process = builder.start();
        CompletableFuture<String> output = CompletableFuture.supplyAsync(() -> outputOf(process));
        try (OutputStream stdin = process.getOutputStream()) {
            stdin.write(input.getBytes(StandardCharsets.UTF_8));
        } catch (IOException programEndedEarly) {
            throw new IOException(command.get(0) + " did not read its input: " + output.join(), programEndedEarly);
        }
        int status = Waiting.forResult(process::waitFor);
        if (status != 0) {
            throw new IOException(String.join(" ", command) + " ended with " + status + ": " + output.join());
        }
    }

    /** Whether the program exists and ends well. */
    boolean succeeds() {
        try {
            run("");
            return true;
        } catch (IOException failure) {
            return false;
        }
    }

    private static String outputOf(Process process) {
        try {
            return new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }
}
