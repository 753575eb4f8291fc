package dev.switchboard.architecture;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.lang.module.FindException;
import java.lang.module.ModuleFinder;
import java.lang.module.ModuleReference;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A modular program runs on the packed jars in a JVM of its own, with the optional modules and without them. */
class PackedModulePathTests {

    /** What core, routing, tenancy, spring and the bridge need, and nothing else. */
    private static final Set<String> NEEDED = Set.of(
            "dev.switchboard.core",
            "dev.switchboard.jdbc",
            "dev.switchboard.routing",
            "dev.switchboard.spring",
            "dev.switchboard.tenancy",
            "r2dbc.spi",
            "r2dbc.pool",
            "reactor.core",
            "reactor.pool",
            "org.reactivestreams",
            "org.jspecify",
            "org.slf4j",
            "org.xerial.sqlitejdbc",
            "com.github.benmanes.caffeine");

    /** The drivers and what they stand on. */
    private static final List<String> OPTIONAL = List.of(
            "r2dbc.", "io.netty.", "reactor.netty.", "com.ongres.", "io.asyncer.", "org.mariadb.", "com.h2database");

    @TempDir
    Path folder;

    @Test
    void aModularProgramRunsWithoutTheOptionalModules() throws Exception {
        String output = run(modulePath(NEEDED::contains));

        assertThat(output)
                .contains("first answers row of first", "second answers row of second")
                .contains("dev.switchboard.tenancy is a module", "dev.switchboard.spring is a module")
                .contains("optional driver present: false");
    }

    @Test
    void aModularProgramRunsWithTheOptionalModules() throws Exception {
        String output = run(
                modulePath(name -> NEEDED.contains(name) || OPTIONAL.stream().anyMatch(name::startsWith)));

        assertThat(output)
                .contains("first answers row of first", "second answers row of second")
                .contains("optional driver present: true");
    }

    @Test
    void aModuleThatIsMissingIsNoticed() throws Exception {
        List<Path> full = modulePath(NEEDED::contains);
        compile(full);

        String output = start(modulePath(name -> NEEDED.contains(name) && !name.equals("r2dbc.pool")));

        assertThat(output).contains(FindException.class.getName(), "r2dbc.pool");
    }

    private static List<Path> modulePath(Predicate<String> wanted) {
        List<Path> path = new ArrayList<>();
        for (Path jar : ClassPath.jars()) {
            if (moduleName(jar).filter(wanted).findAny().isPresent()) {
                path.add(jar);
            }
        }
        for (PublishedModule module : PublishedModule.values()) {
            // Tests of programs use it, on the class path.
            if (module != PublishedModule.TESTING) {
                assertThat(path).contains(ClassPath.jarOf(module));
            }
        }
        return path;
    }

    /** None for a jar whose name makes no module name; such a jar cannot stand on a module path. */
    private static Stream<String> moduleName(Path jar) {
        try {
            return ModuleFinder.of(jar).findAll().stream()
                    .map(ModuleReference::descriptor)
                    .map(descriptor -> descriptor.name());
        } catch (FindException noModule) {
            return Stream.empty();
        }
    }

    private String run(List<Path> modulePath) throws Exception {
        compile(modulePath);
        return start(modulePath);
    }

    private void compile(List<Path> modulePath) throws IOException {
        OffendingCode.compileInto(
                folder.resolve("smoke"),
                List.of(resource("module-info.txt"), resource("Main.txt")),
                List.of("--module-path", joined(modulePath)));
    }

    private String start(List<Path> modulePath) throws Exception {
        List<Path> path = new ArrayList<>(modulePath);
        path.add(folder.resolve("smoke"));
        Process program = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "--module-path",
                        joined(path),
                        "--module",
                        "dev.switchboard.smoke/dev.switchboard.smoke.Main",
                        folder.toString())
                .redirectErrorStream(true)
                .start();
        String output = new String(program.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(program.waitFor(1, TimeUnit.MINUTES)).isTrue();
        return output;
    }

    private static String joined(List<Path> path) {
        return path.stream().map(Path::toString).collect(Collectors.joining(File.pathSeparator));
    }

    private static String resource(String name) throws IOException {
        try (InputStream in = PackedModulePathTests.class.getResourceAsStream("/smoke/" + name)) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
    }
}
