package dev.switchboard.databases;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** The user that this JVM runs as, and how to run a program as a less powerful one. */
final class SystemUser {
    private static final int NOBODY = 65534;
    private static final String NOBODY_AND_GROUP = NOBODY + ":" + NOBODY;
    private static final List<String> USER_NAMESPACE = List.of("unshare", "-U");
    private static final List<List<String>> WAYS_DOWN_FROM_ROOT = List.of(
            USER_NAMESPACE,
            List.of("setpriv", "--reuid=" + NOBODY, "--regid=" + NOBODY, "--clear-groups"),
            List.of("chroot", "--userspec=" + NOBODY_AND_GROUP, "/"));

    private SystemUser() {}

    static int id() {
        try {
            return ownerOf(Path.of("/proc/self"));
        } catch (IOException failure) {
            throw new UncheckedIOException("Cannot find out the user of this JVM", failure);
        }
    }

    static int ownerOf(Path path) throws IOException {
        return (Integer) Files.getAttribute(path, "unix:uid");
    }

    static boolean isRoot() {
        return id() == 0;
    }

    /**
     * The words to put before a program that refuses root and users without a name (PostgreSQL does); none for an
     * ordinary user.
     */
    static List<String> prefixForPlainUser() throws IOException {
        if (!isRoot()) {
            return new Program(List.of("id", "-un")).succeeds() ? List.of() : USER_NAMESPACE;
        }
        for (List<String> way : WAYS_DOWN_FROM_ROOT) {
            if (new Program(way).with("sh", "-c", "test $(id -u) != 0").succeeds()) {
                return way;
            }
        }
        throw new IOException("This JVM runs as root, PostgreSQL refuses root, and none of unshare -U, setpriv and"
                + " chroot can change the user; run as an ordinary user or name a server with testdb.postgresql.url");
    }

    /** Gives files to the user that the prefix leads to. In a user namespace root's files stay its own. */
    static void handOver(Path path, List<String> prefix) throws IOException {
        if (isRoot() && !prefix.equals(USER_NAMESPACE)) {
            new Program(List.of("chown", "-R", NOBODY_AND_GROUP, path.toString())).run("");
        }
    }
}
