package dev.switchboard.databases;

import java.io.IOException;
import java.util.List;

/** One way to get a server of one product: a URL, a container, binaries. */
interface ServerSource {
    /** Which version from where, for the line that is printed. */
    String label();

    /** Starts a server (or finds the one that runs) and waits until it accepts connections. */
    RunningServer start(List<String> settings) throws IOException;
}
