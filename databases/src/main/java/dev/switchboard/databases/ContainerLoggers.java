package dev.switchboard.databases;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import java.util.List;
import org.slf4j.LoggerFactory;

/** The loggers of Testcontainers, which tell long stories when there is no Docker engine. Needs Logback. */
final class ContainerLoggers {
    private static final List<String> NAMES = List.of("org.testcontainers", "com.github.dockerjava", "tc");

    private ContainerLoggers() {}

    static void quiet() {
        for (String name : NAMES) {
            if (LoggerFactory.getLogger(name) instanceof Logger logger) {
                logger.setLevel(Level.OFF);
            }
        }
    }
}
