package dev.switchboard.databases;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Stand-ins for shared libraries that the servers are linked with and never need here, and that many machines lack:
 * asynchronous input and output, NUMA, systemd's notifications, old password hashes.
 */
final class StubLibraries {
    private StubLibraries() {}

    static void writeThoseOfMysql(Path folder) throws IOException {
        Files.createDirectories(folder);
        new StubLibrary("libaio.so.1")
                .failing("io_setup", "LIBAIO_0.4")
                .failing("io_submit", "LIBAIO_0.1")
                .failing("io_getevents", "LIBAIO_0.4")
                .writeInto(folder);
        // The server takes exactly -1 of numa_available for "no NUMA here".
        new StubLibrary("libnuma.so.1")
                .failing("mbind", "libnuma_1.1")
                .failing("numa_alloc_local", "libnuma_1.1")
                .failing("numa_alloc_onnode", "libnuma_1.1")
                .failing("numa_available", "libnuma_1.1")
                .failing("numa_free", "libnuma_1.1")
                .failing("numa_node_of_cpu", "libnuma_1.2")
                .failing("set_mempolicy", "libnuma_1.1")
                .data("numa_all_nodes_ptr", "libnuma_1.2")
                .writeInto(folder);
    }

    static void writeThoseOfMariadb(Path folder) throws IOException {
        Files.createDirectories(folder);
        new StubLibrary("libsystemd.so.0")
                .returningZero("sd_listen_fds", "LIBSYSTEMD_209")
                .returningZero("sd_notify", "LIBSYSTEMD_209")
                .returningZero("sd_notifyf", "LIBSYSTEMD_209")
                .writeInto(folder);
        new StubLibrary("libcrypt.so.1")
                .returningZero("crypt", "GLIBC_2.2.5")
                .returningZero("crypt_r", "GLIBC_2.2.5")
                .writeInto(folder);
    }
}
