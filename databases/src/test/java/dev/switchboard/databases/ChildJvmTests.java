package dev.switchboard.databases;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** What a JVM with servers leaves behind when it ends, and what it does not even load. */
@EnabledOnOs(value = OS.LINUX, architectures = "amd64")
@Timeout(value = 40, unit = TimeUnit.SECONDS)
class ChildJvmTests {
    @TempDir
    private Path folder;

    @Test
    void noServerOutlivesAKilledJvm() throws Exception {
        DatabaseServer ours = Databases.server(Product.POSTGRESQL);
        Process child = startChild(List.of("-Dtestdb.mode=binaries"), "POSTGRESQL", "MYSQL", "MARIADB");
        List<Long> servers = linesUntilReady(child).stream()
                .filter(line -> line.startsWith("process "))
                .map(line -> Long.valueOf(line.substring("process ".length())))
                .toList();
        assertThat(servers).hasSize(3).allMatch(LinuxProcess::isRunning);

        child.destroyForcibly().waitFor();

        Waiting.until("no server is left", () -> servers.stream().noneMatch(LinuxProcess::isRunning));
        Path run = Path.of(System.getProperty("java.io.tmpdir"), "testdb-" + SystemUser.id(), "run", "" + child.pid());
        Waiting.until("their folders are gone", () -> !Files.exists(run.resolve("mysql1")));
        assertThat(ours.query("SELECT 1")).containsExactly(List.of("1"));
    }

    @Test
    void aJvmThatUsesBinariesLoadsNoClassOfTestcontainers() throws Exception {
        Path classes = folder.resolve("classes.log");
        Process child = startChild(List.of("-Dtestdb.mode=binaries", "-Xlog:class+load:file=" + classes), "POSTGRESQL");
        linesUntilReady(child);
        child.getOutputStream().close();
        assertThat(child.waitFor()).isZero();
        assertThat(Files.readString(classes))
                .contains("dev.switchboard.databases.Databases ")
                .doesNotContain("org.testcontainers");
    }

    private static Process startChild(List<String> options, String... products) throws IOException {
        List<String> command = new ArrayList<>(List.of(System.getProperty("java.home") + "/bin/java"));
        command.addAll(options);
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), ChildProgram.class.getName()));
        command.addAll(List.of(products));
        ProcessBuilder child = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT);
        // As if there were a Docker engine to ask.
        child.environment().put("DOCKER_HOST", "tcp://127.0.0.1:1");
        return child.start();
    }

    private static List<String> linesUntilReady(Process child) throws IOException {
        List<String> lines = new ArrayList<>();
        BufferedReader output = child.inputReader(StandardCharsets.UTF_8);
        for (String line = output.readLine(); line != null; line = output.readLine()) {
            if (line.equals(ChildProgram.READY)) {
                return lines;
            }
            lines.add(line);
        }
        throw new AssertionError("The child ended early: " + lines);
    }
}
