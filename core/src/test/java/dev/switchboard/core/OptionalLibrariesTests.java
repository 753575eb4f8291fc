package dev.switchboard.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.File;
import java.io.IOException;
import java.net.MalformedURLException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** A program that has none of the optional libraries opens connections as any other. */
@Tag("once")
class OptionalLibrariesTests {

    private static final List<String> OPTIONAL = List.of("micrometer", "resilience4j");

    private static URL[] classPathWithoutThem() {
        return Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
                .map(Path::of)
                .filter(entry -> OPTIONAL.stream().noneMatch(entry.toString()::contains))
                .map(OptionalLibrariesTests::url)
                .toArray(URL[]::new);
    }

    private static URL url(Path entry) {
        try {
            return entry.toUri().toURL();
        } catch (MalformedURLException failure) {
            throw new IllegalArgumentException(failure);
        }
    }

    @Test
    void aConnectionIsOpenedWithoutThem() throws Exception {
        try (URLClassLoader without =
                new URLClassLoader(classPathWithoutThem(), ClassLoader.getPlatformClassLoader())) {
            for (String needed : List.of(
                    "dev.switchboard.core.micrometer.MicrometerMetrics",
                    "dev.switchboard.core.resilience4j.Resilience4jBreakers")) {
                assertThatThrownBy(() -> without.loadClass(needed).getDeclaredMethods())
                        .isInstanceOf(NoClassDefFoundError.class);
            }
            assertThat(answer(without)).isEqualTo("1");
        }
    }

    private static Object answer(URLClassLoader without) throws ReflectiveOperationException, IOException {
        Thread thread = Thread.currentThread();
        ClassLoader before = thread.getContextClassLoader();
        thread.setContextClassLoader(without);
        try {
            Callable<?> program = (Callable<?>) without.loadClass(Program.class.getName())
                    .getDeclaredConstructor()
                    .newInstance();
            return program.call();
        } catch (ReflectiveOperationException failure) {
            throw failure;
        } catch (Exception failure) {
            throw new IOException(failure);
        } finally {
            thread.setContextClassLoader(before);
        }
    }

    /** What runs there. Public for the other class loader. */
    public static final class Program implements Callable<String> {

        @Override
        public String call() {
            ReactiveConnectionRegistry registry =
                    ReactiveConnectionRegistry.create().register("orders", "r2dbc:h2:mem:///without");
            return Borrowing.query(registry, "orders", "SELECT 1")
                    .map(String::valueOf)
                    .flatMap(one -> registry.close().thenReturn(one))
                    .block(Borrowing.PATIENCE);
        }
    }
}
