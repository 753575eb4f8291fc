package dev.switchboard.architecture;

import java.nio.file.Path;

/** Where the sources are; tests run in the folder of their module. */
final class Repository {

    private Repository() {}

    static Path root() {
        return Path.of("").toAbsolutePath().getParent();
    }
}
