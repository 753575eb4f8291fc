package dev.switchboard.core;

import io.r2dbc.spi.ConnectionFactoryOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The SQLite files that an override may name: those below the directory of the definition's own file, and below the
 * directories that the definition allows.
 */
final class AllowedFiles {

    private static final List<String> SIDE_FILES = List.of("-wal", "-shm", "-journal");

    private final ConnectionDefinition base;
    private final OverrideMerge merge;

    AllowedFiles(ConnectionDefinition base, OverrideMerge merge) {
        this.base = base;
        this.merge = merge;
    }

    /** Whether the database of a definition is a file whose path we can judge. */
    static boolean isFile(ConnectionDefinition definition) {
        ConnectionFactoryOptions options = definition.options();
        return "sqlite".equals(definition.driver())
                && options != null
                && options.hasOption(ConnectionFactoryOptions.DATABASE)
                && !"mem".equals(options.getValue(ConnectionFactoryOptions.PROTOCOL));
    }

    /** The path of a file as {@link #named} calls it. */
    static String path(ConnectionDefinition base, String named) {
        return directory(base).resolve(named).toString();
    }

    private static Path directory(ConnectionDefinition base) {
        return Objects.requireNonNull(own(base).getParent(), "the directory of an absolute path");
    }

    private static Path own(ConnectionDefinition base) {
        Object file = Objects.requireNonNull(base.options()).getValue(ConnectionFactoryOptions.DATABASE);
        return Path.of(String.valueOf(file)).toAbsolutePath().normalize();
    }

    /**
     * The one way to call a file: relative to the directory of the definition's own file where it lies below that, else its
     * absolute path; null where it is the definition's own file. Reads nothing from the disk.
     */
    @Nullable
    String named(String wanted) {
        Path file = absolute(wanted);
        merge.refuseIf(
                directories().noneMatch(directory -> isBelow(file, directory)),
                "its file lies outside of the directory of the definition's own file",
                "files in that directory, in those below it, and in the directories that the definition lists",
                "Correct the path, or allow it with withOverrides(allowed -> allowed.directories(..))");
        String lower = String.valueOf(file.getFileName()).toLowerCase(Locale.ROOT);
        merge.refuseIf(
                SIDE_FILES.stream().anyMatch(lower::endsWith),
                "its file is one that SQLite keeps beside a database",
                "a file that does not end in -wal, -shm or -journal",
                "Name the database");
        if (file.equals(own(base))) {
            return null;
        }
        Path directory = directory(base);
        return (isBelow(file, directory) ? directory.relativize(file) : file).toString();
    }

    private Path absolute(String wanted) {
        Path path = null;
        try {
            path = Path.of(wanted);
        } catch (InvalidPathException notAPath) {
            merge.refuseIf(true, "its file is not a path", "a path of this system", "Correct the path");
        }
        Path named = Objects.requireNonNull(path);
        List<String> parts = new ArrayList<>();
        named.forEach(part -> parts.add(part.toString()));
        merge.refuseIf(
                wanted.startsWith("file:") || wanted.startsWith(":") || parts.contains("..") || wanted.contains("\\"),
                "its file is written with '..', with a backslash or as an address",
                "a plain path",
                "Write the path without them");
        return directory(base).resolve(named).normalize();
    }

    private Stream<Path> directories() {
        return Stream.concat(Stream.of(directory(base)), base.overrides().directories().stream());
    }

    private static boolean isBelow(Path file, Path directory) {
        return file.startsWith(directory) && !file.equals(directory);
    }

    /**
     * Refuses a file that symbolic links lead out of where it seems to be. Reads the disk, so it belongs on a worker; it is
     * asked whenever a pool of the file is opened.
     */
    void refuseLinks(String named) {
        Path file = Path.of(path(base, named));
        boolean inside;
        try {
            Path real = real(file);
            List<Path> allowed = new ArrayList<>();
            for (Path directory : directories().toList()) {
                if (Files.isDirectory(directory)) {
                    allowed.add(directory.toRealPath());
                }
            }
            inside = allowed.stream().anyMatch(directory -> isBelow(real, directory));
        } catch (IOException cannotBeFollowed) {
            inside = false;
        }
        merge.refuseIf(
                !inside,
                "its file cannot be reached, or a symbolic link leads out of the directories that are allowed",
                "files that lie where their path says",
                "Create the directory of the file, or allow the one that the link leads to with"
                        + " withOverrides(allowed -> allowed.directories(..))");
    }

    /** A file that is not there yet is where its directory is; one that is a link to nowhere is not followed. */
    private static Path real(Path file) throws IOException {
        boolean isNew = !Files.exists(file) && !Files.isSymbolicLink(file);
        return isNew
                ? Objects.requireNonNull(file.getParent()).toRealPath().resolve(file.getFileName())
                : file.toRealPath();
    }
}
