package dev.switchboard.databases;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * One instance of MySQL or MariaDB.
 *
 * @param folder the folder of the instance
 * @param program the server program
 */
record MysqlLaunch(Path folder, Program program) implements ServerLaunch {
    /** The usual end of this server takes seconds, and nobody needs its data afterwards. */
    @Override
    public String endSignal() {
        return "KILL";
    }

    @Override
    public boolean ready() throws IOException {
        return Files.exists(log()) && Files.readString(log()).contains("d: ready for connections");
    }

    @Override
    public void beforeRestart() throws IOException {
        // The log says whether the server is ready, so it must not speak of the last time.
        Files.deleteIfExists(log());
    }
}
