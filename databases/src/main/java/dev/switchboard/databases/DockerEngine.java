package dev.switchboard.databases;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.testcontainers.DockerClientFactory;

/** Whether a Docker engine answers. Asked once in each JVM, and not at all where there is no place to ask. */
final class DockerEngine {
    private DockerEngine() {}

    static boolean answers() {
        return isWorthAsking() && Answer.GIVEN;
    }

    /**
     * Asking costs half a second and much log where there is no engine. So look first for what Testcontainers would
     * look for: a setting, a socket.
     */
    private static boolean isWorthAsking() {
        if (!isPresent("org/testcontainers/DockerClientFactory.class")) {
            return false;
        }
        if (System.getenv("DOCKER_HOST") != null || !"Linux".equals(System.getProperty("os.name"))) {
            return true;
        }
        String home = System.getProperty("user.home");
        String runtime = System.getenv("XDG_RUNTIME_DIR");
        return Stream.of(
                        "/var/run/docker.sock",
                        (runtime == null ? "/run/user/" + SystemUser.id() : runtime) + "/docker.sock",
                        home + "/.docker/run/docker.sock",
                        home + "/.docker/desktop/docker.sock",
                        home + "/.testcontainers.properties")
                .anyMatch(place -> Files.exists(Path.of(place)));
    }

    private static boolean isPresent(String classFile) {
        return DockerEngine.class.getClassLoader().getResource(classFile) != null;
    }

    /** Apart, so that no class of Testcontainers is loaded before it is needed. */
    private static final class Answer {
        static final boolean GIVEN = ask();

        private static boolean ask() {
            if (isPresent("ch/qos/logback/classic/Logger.class")) {
                ContainerLoggers.quiet();
            }
            return DockerClientFactory.instance().isDockerAvailable();
        }
    }
}
