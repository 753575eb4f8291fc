package dev.switchboard.architecture;

import java.io.File;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** The artifacts that the build resolved for this module's tests. */
final class ClassPath {

    private ClassPath() {}

    static List<Path> jars() {
        return Stream.of(System.getProperty("java.class.path").split(Pattern.quote(File.pathSeparator)))
                .map(Path::of)
                .filter(path -> path.toString().endsWith(".jar"))
                .toList();
    }

    /** The jar of a published module, as packed by this build. */
    static Path jarOf(PublishedModule module) {
        return jars().stream()
                .filter(jar -> jar.getFileName().toString().matches(module.artifact() + "-\\d.*\\.jar"))
                .findFirst()
                .orElseThrow(() -> new IllegalStateException(
                        module.artifact() + " is not packed; these tests run after the package phase: mvn verify"));
    }
}
