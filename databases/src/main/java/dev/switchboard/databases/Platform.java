package dev.switchboard.databases;

import java.util.Set;

/** The platform that this JVM runs on. */
final class Platform {
    private static final Set<String> X86_WITH_64_BITS = Set.of("amd64", "x86_64");

    private Platform() {}

    /** Whether Maven has binaries of all the servers for this platform. */
    static boolean hasServerBinaries() {
        return "Linux".equals(System.getProperty("os.name"))
                && X86_WITH_64_BITS.contains(System.getProperty("os.arch"));
    }
}
