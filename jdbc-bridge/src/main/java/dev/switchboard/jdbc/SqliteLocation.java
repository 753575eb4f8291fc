package dev.switchboard.jdbc;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.SQLException;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Where a SQLite database is: a file, or a named place in the memory of this process.
 *
 * @param file the absolute path, or null for memory
 * @param memory the name in memory, or null for a file
 * @param base the directory that the file must not leave, or null for anywhere
 */
record SqliteLocation(
        @Nullable Path file,
        @Nullable String memory,
        @Nullable Path base) {
    private static final Pattern MEMORY_NAME = Pattern.compile("[A-Za-z0-9_.-]{1,100}");

    static SqliteLocation ofFile(String path, @Nullable String baseDirectory) {
        if (path.equals(":memory:") || path.startsWith("file:")) {
            throw new IllegalArgumentException("'" + path + "' is not a path. A database in memory is"
                    + " r2dbc:sqlite:mem:///name (protocol mem, the name as the database); everything else that a file:"
                    + " address can say is an option.");
        }
        if (baseDirectory == null) {
            return new SqliteLocation(path(path).toAbsolutePath().normalize(), null, null);
        }
        Path base = path(baseDirectory).toAbsolutePath().normalize();
        Path file = base.resolve(path(path)).normalize();
        if (file.equals(base) || !file.startsWith(base)) {
            throw new IllegalArgumentException("The path '" + path + "' leaves its base directory; name a file below "
                    + base + ", relative to it");
        }
        return new SqliteLocation(file, null, base);
    }

    private static Path path(String text) {
        try {
            return Path.of(text);
        } catch (InvalidPathException notAPath) {
            throw new IllegalArgumentException("'" + text + "' is not a path on this system", notAPath);
        }
    }

    static SqliteLocation ofMemory(String name) {
        if (!MEMORY_NAME.matcher(name).matches()) {
            throw new IllegalArgumentException(
                    "'" + name + "' cannot name a database in memory; allowed are letters, digits"
                            + " and _ . - (at most 100), as in r2dbc:sqlite:mem:///orders");
        }
        return new SqliteLocation(null, name, null);
    }

    boolean isMemory() {
        return memory != null;
    }

    /** The address that SQLite opens; characters that mean something in it are escaped. */
    String uri(SqliteFileMode mode) {
        return file == null
                ? "file:/" + memory + "?vfs=memdb"
                : "file://" + file.toUri().getRawPath() + mode.query();
    }

    /** What is the same for every name of one database: the real path of a file, which exists by now. */
    Object identity() {
        if (file == null) {
            return toString();
        }
        try {
            return file.toRealPath();
        } catch (IOException notFound) {
            return file;
        }
    }

    /** Says what SQLite's own "unable to open" leaves open, and makes a file that only its owner may read. */
    void requireOpenable(SqliteFileMode mode) throws SQLException {
        if (file == null) {
            return;
        }
        Path directory = file.getParent();
        if (Files.isDirectory(file)) {
            throw new SQLException(file + " is a directory; name a file in it");
        }
        if (directory != null && !Files.isDirectory(directory)) {
            throw new SQLException("The directory " + directory + " does not exist; create it before opening " + file
                    + " (only the file itself is created)");
        }
        if (base != null) {
            requireInside(base, file, directory);
        }
        if (!mode.mayCreate() && !Files.exists(file)) {
            throw new SQLException(file + " does not exist, and it is opened read-only or with create=false");
        }
        if (mode.mayCreate() && mode.ownerOnly()) {
            createForOwner(file);
        }
    }

    /** A link on the way, or in place of the file, may lead out of the base directory. */
    private static void requireInside(Path base, Path file, @Nullable Path directory) throws SQLException {
        try {
            boolean exists = Files.exists(file);
            Path real = exists || directory == null ? file.toRealPath() : directory.toRealPath();
            boolean dangling = !exists && Files.isSymbolicLink(file);
            if (dangling || !real.startsWith(base.toRealPath())) {
                throw new SQLException(file + " is a link that leaves its base directory " + base);
            }
        } catch (IOException unreadable) {
            throw new SQLException(file + " cannot be found below its base directory " + base, unreadable);
        }
    }

    static void createForOwner(Path file) throws SQLException {
        try {
            Files.createFile(file, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        } catch (FileAlreadyExistsException there) {
            // Its rights are what they are.
        } catch (IOException | UnsupportedOperationException notCreated) {
            throw new SQLException(
                    file + " cannot be created for its owner alone: " + notCreated.getMessage(), notCreated);
        }
    }

    @Override
    public String toString() {
        return file == null ? "memory database '" + memory + "'" : file.toString();
    }
}
