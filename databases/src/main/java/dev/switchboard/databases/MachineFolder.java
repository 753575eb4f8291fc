package dev.switchboard.databases;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The folder, one per machine and user, that keeps unpacked servers, ready-made data folders and the instances that
 * run. Any number of JVMs share it.
 */
final class MachineFolder {
    private final Path home;
    private final Path runs;
    private final Path ownRun;
    private final AtomicInteger instances = new AtomicInteger();
    private final Map<String, Object> monitors = new ConcurrentHashMap<>();
    /** Held until this JVM ends, however it ends: the sign that its instances are alive. */
    private final FileLock sign;

    /** Fills a folder that is still out of sight. */
    interface Filling {
        void fill(Path folder) throws IOException;
    }

    MachineFolder(Path home) throws IOException {
        this.home = Folders.createOpen(home);
        if (SystemUser.ownerOf(home) != SystemUser.id()) {
            throw new IOException(
                    home + " belongs to another user; delete it or choose another folder with -Dtestdb.home");
        }
        this.runs = Folders.createOpen(home.resolve("run"));
        this.ownRun = runs.resolve(Long.toString(ProcessHandle.current().pid()));
        try (FileChannel channel = openLock(home.resolve("run.lock"))) {
            channel.lock();
            deleteAbandonedRuns();
            Folders.createOpen(ownRun);
            this.sign = openLock(ownRun.resolve("alive")).lock();
        }
    }

    static MachineFolder ofThisUser() throws IOException {
        return Holder.instance();
    }

    /** The folder of that name, filled by whoever comes first and complete for everybody who sees it. */
    Path once(String name, Filling filling) throws IOException {
        Path finished = home.resolve(name);
        synchronized (monitors.computeIfAbsent(name, any -> new Object())) {
            if (Files.isDirectory(finished)) {
                return finished;
            }
            try (FileChannel channel = openLock(home.resolve(name + ".lock"))) {
                channel.lock();
                if (!Files.isDirectory(finished)) {
                    Path unfinished = home.resolve(name + ".unfinished");
                    Folders.delete(unfinished);
                    filling.fill(Folders.createOpen(unfinished));
                    Files.move(unfinished, finished, StandardCopyOption.ATOMIC_MOVE);
                }
            }
        }
        return finished;
    }

    /** A new folder for one running server, short in name because of the limit on the length of socket paths. */
    Path newInstance(Product product) throws IOException {
        return Folders.createOpen(ownRun.resolve(product.driver() + instances.incrementAndGet()));
    }

    private void deleteAbandonedRuns() throws IOException {
        List<Path> all;
        try (Stream<Path> listing = Files.list(runs)) {
            all = listing.toList();
        }
        for (Path run : all) {
            Path alive = run.resolve("alive");
            if (!Files.exists(alive)) {
                Folders.delete(run);
                continue;
            }
            try (FileChannel channel = openLock(alive);
                    FileLock abandoned = channel.tryLock()) {
                if (abandoned != null) {
                    Folders.delete(run);
                }
            }
        }
    }

    private static FileChannel openLock(Path file) throws IOException {
        return FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    }

    @Override
    public String toString() {
        return home + (sign.isValid() ? "" : " (closed)");
    }

    private static final class Holder {
        private static @Nullable MachineFolder instance;

        static synchronized MachineFolder instance() throws IOException {
            if (instance == null) {
                String home = System.getProperty(
                        "testdb.home", System.getProperty("java.io.tmpdir") + "/testdb-" + SystemUser.id());
                instance = new MachineFolder(Path.of(home).toAbsolutePath());
            }
            return instance;
        }
    }
}
