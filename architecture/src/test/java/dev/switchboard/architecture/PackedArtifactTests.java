package dev.switchboard.architecture;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.jar.Attributes;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Each published module has its three jars, and nothing in them tells when, where or by whom they were built. */
class PackedArtifactTests {

    /** The zip format counts in steps of two seconds and has no time zone; the build writes UTC. */
    private static final LocalDateTime BUILT = OffsetDateTime.parse(System.getProperty("switchboard.outputTimestamp"))
            .toLocalDateTime();

    @ParameterizedTest
    @EnumSource
    void theJarTellsNothingOfItsBuild(PublishedModule module) throws IOException {
        assertThat(complaints(ClassPath.jarOf(module))).isEmpty();
    }

    @ParameterizedTest
    @EnumSource
    void theSourcesAreThereAndTellNothingOfTheirBuild(PublishedModule module) throws IOException {
        assumeFalse(Boolean.getBoolean("maven.source.skip"), "sources were skipped on the command line");
        Path jar = sibling(module, "sources");

        assertThat(names(jar)).contains("module-info.java").allMatch(name -> !name.endsWith(".class"));
        assertThat(complaints(jar)).isEmpty();
    }

    @ParameterizedTest
    @EnumSource
    void theJavadocIsThereAndTellsNothingOfItsBuild(PublishedModule module) throws IOException {
        assumeFalse(Boolean.getBoolean("maven.javadoc.skip"), "Javadoc was skipped on the command line");
        Path jar = sibling(module, "javadoc");

        assertThat(names(jar))
                .contains(module.root() + "/" + module.root().replace('.', '/') + "/package-summary.html");
        assertThat(complaints(jar)).isEmpty();
    }

    @Test
    void anotherTimeIsNoticed(@TempDir Path folder) throws IOException {
        assertThat(complaints(jar(folder, BUILT.plusDays(1), "", "text"))).anyMatch(it -> it.contains("a.txt is of"));
    }

    @Test
    void theBuildersNameIsNoticed(@TempDir Path folder) throws IOException {
        assertThat(complaints(jar(folder, BUILT, "Built-By", "text"))).containsExactly("the manifest has Built-By");
    }

    @Test
    void thePlaceOfTheBuildIsNoticed(@TempDir Path folder) throws IOException {
        assertThat(complaints(jar(folder, BUILT, "", "see " + Repository.root() + "/core")))
                .containsExactly("a.txt names the folder of the build");
    }

    private static Path sibling(PublishedModule module, String classifier) {
        Path jar = ClassPath.jarOf(module);
        return jar.resolveSibling(jar.getFileName().toString().replace(".jar", "-" + classifier + ".jar"));
    }

    private static List<String> names(Path jar) throws IOException {
        try (JarFile file = new JarFile(jar.toFile())) {
            return file.stream().map(JarEntry::getName).toList();
        }
    }

    private static List<String> complaints(Path jar) throws IOException {
        List<String> complaints = new ArrayList<>();
        try (JarFile file = new JarFile(jar.toFile())) {
            Attributes manifest = file.getManifest().getMainAttributes();
            Stream.of("Built-By", "Build-Jdk", "Bnd-LastModified", "Build-Time")
                    .filter(name -> manifest.getValue(name) != null)
                    .forEach(name -> complaints.add("the manifest has " + name));
            for (JarEntry entry : Collections.list(file.entries())) {
                if (!BUILT.equals(entry.getTimeLocal())) {
                    complaints.add(entry.getName() + " is of " + entry.getTimeLocal());
                }
                if (contains(file, entry, Repository.root().toString())) {
                    complaints.add(entry.getName() + " names the folder of the build");
                }
            }
        }
        return complaints;
    }

    private static boolean contains(JarFile file, JarEntry entry, String text) throws IOException {
        byte[] content = file.getInputStream(entry).readAllBytes();
        return new String(content, java.nio.charset.StandardCharsets.ISO_8859_1).contains(text);
    }

    private static Path jar(Path folder, LocalDateTime time, String attribute, String text) throws IOException {
        Manifest manifest = new Manifest();
        manifest.getMainAttributes().put(Attributes.Name.MANIFEST_VERSION, "1.0");
        if (!attribute.isEmpty()) {
            manifest.getMainAttributes().putValue(attribute, "somebody");
        }
        Path jar = folder.resolve("offender.jar");
        try (OutputStream out = Files.newOutputStream(jar);
                JarOutputStream entries = new JarOutputStream(out)) {
            JarEntry head = new JarEntry(JarFile.MANIFEST_NAME);
            head.setTimeLocal(time);
            entries.putNextEntry(head);
            manifest.write(entries);
            JarEntry entry = new JarEntry("a.txt");
            entry.setTimeLocal(time);
            entries.putNextEntry(entry);
            entries.write(text.getBytes(java.nio.charset.StandardCharsets.UTF_8));
        }
        return jar;
    }
}
