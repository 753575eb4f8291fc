package dev.switchboard.databases;

import java.io.IOException;
import java.nio.file.Path;

/** How one server instance is started, and how one sees that it is ready. */
interface ServerLaunch {
    /** The folder of the instance; deleted when the instance ends. */
    Path folder();

    /** The server program in the foreground. */
    Program program();

    /** The signal for a quick end. */
    String endSignal();

    /** Whether the server accepts connections by now. */
    boolean ready() throws IOException;

    /** Clears what a killed server left behind and would mislead the next start. */
    void beforeRestart() throws IOException;

    /** Where the server's output goes. */
    default Path log() {
        return folder().resolve("server.log");
    }
}
