package dev.switchboard.databases;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.JarURLConnection;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.GZIPInputStream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.apache.commons.compress.compressors.xz.XZCompressorInputStream;

/**
 * Server binaries inside a jar on the class path.
 *
 * @param jar the jar
 * @param entry the entry by which the jar was found
 */
record BinaryArchive(Path jar, String entry) {
    private static final Pattern VERSION_IN_NAME = Pattern.compile("-(\\d+(\\.\\d+)*)\\.jar$");
    private static final int OWNER_EXECUTES = 0100;

    static Optional<BinaryArchive> find(String entry) {
        URL url = BinaryArchive.class.getClassLoader().getResource(entry);
        if (url == null || !"jar".equals(url.getProtocol())) {
            return Optional.empty();
        }
        try {
            JarURLConnection connection = (JarURLConnection) url.openConnection();
            return Optional.of(
                    new BinaryArchive(Path.of(connection.getJarFileURL().toURI()), entry));
        } catch (IOException | URISyntaxException failure) {
            throw new IllegalStateException("Cannot read " + url, failure);
        }
    }

    /** The jar's name without its ending: artifact and version, so a good name for the unpacked binaries. */
    String name() {
        return jar.getFileName().toString().replaceFirst("\\.jar$", "");
    }

    /** The version in the jar's name, or nothing where the jar was renamed. */
    String version() {
        Matcher version = VERSION_IN_NAME.matcher(jar.getFileName().toString());
        return version.find() ? version.group(1) : "of unknown version";
    }

    /** Unpacks the entry, a compressed tar archive, into the folder. */
    void unpackTar(Path folder) throws IOException {
        try (JarFile opened = new JarFile(jar.toFile());
                InputStream packed = new BufferedInputStream(opened.getInputStream(opened.getJarEntry(entry)));
                InputStream plain =
                        entry.endsWith("xz") ? new XZCompressorInputStream(packed) : new GZIPInputStream(packed);
                TarArchiveInputStream tar = new TarArchiveInputStream(new BufferedInputStream(plain))) {
            for (TarArchiveEntry file = tar.getNextEntry(); file != null; file = tar.getNextEntry()) {
                unpack(file, tar, inside(folder, file.getName()));
            }
        }
    }

    /** Copies the entries below the prefix that are wanted into the folder. */
    void copyEntries(String prefix, Predicate<String> wanted, Path folder) throws IOException {
        try (JarFile opened = new JarFile(jar.toFile())) {
            List<JarEntry> files = Collections.list(opened.entries()).stream()
                    .filter(file -> !file.isDirectory() && file.getName().startsWith(prefix))
                    .filter(file -> wanted.test(file.getName().substring(prefix.length())))
                    .toList();
            for (JarEntry file : files) {
                Path target = inside(folder, file.getName().substring(prefix.length()));
                Files.createDirectories(target.getParent());
                try (InputStream content = opened.getInputStream(file)) {
                    Files.copy(content, target);
                }
            }
        }
    }

    static void makeExecutable(Path file) throws IOException {
        if (!file.toFile().setExecutable(true, false)) {
            throw new IOException("Cannot make " + file + " executable");
        }
    }

    private static void unpack(TarArchiveEntry file, InputStream content, Path target) throws IOException {
        if (file.isDirectory()) {
            Files.createDirectories(target);
            return;
        }
        Files.createDirectories(target.getParent());
        if (file.isSymbolicLink()) {
            Files.createSymbolicLink(target, Path.of(file.getLinkName()));
            return;
        }
        Files.copy(content, target);
        if ((file.getMode() & OWNER_EXECUTES) != 0) {
            makeExecutable(target);
        }
    }

    private static Path inside(Path folder, String name) throws IOException {
        Path target = folder.resolve(name).normalize();
        if (!target.startsWith(folder)) {
            throw new IOException("The entry " + name + " would leave its folder");
        }
        return target;
    }
}
