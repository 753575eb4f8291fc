package dev.switchboard.databases;

/** What can be done to a server that is running. */
interface ServerControl {
    /** The server process of this machine, or 0 where it is not a process of ours. */
    long processId();

    /** Ends the server at once, without any farewell to its clients. */
    void kill();

    /** Starts it again with the same port, settings and data. */
    void restart();

    /** Ends it and deletes what it kept. */
    void close();
}
