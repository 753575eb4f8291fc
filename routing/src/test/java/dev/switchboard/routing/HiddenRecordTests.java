package dev.switchboard.routing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.lang.module.Configuration;
import java.lang.module.ModuleFinder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.ServiceLoader;
import java.util.Set;
import java.util.function.Supplier;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A record of a module that keeps its package to itself. */
class HiddenRecordTests {

    @TempDir
    Path folder;

    /** Compiles a module with one record and lets the module itself make one: nobody else could. */
    private Object hiddenRecord() throws IOException {
        Path source = Files.createDirectories(folder.resolve("source"));
        Path classes = folder.resolve("classes");
        Path module = Files.writeString(
                source.resolve("module-info.java"),
                "module hidden { provides java.util.function.Supplier with hidden.Maker; }");
        Path record = Files.writeString(source.resolve("Row.java"), "package hidden; public record Row(int id) {}");
        Path maker = Files.writeString(
                source.resolve("Maker.java"),
                "package hidden; public class Maker implements java.util.function.Supplier<Object> {"
                        + " public Object get() { return new Row(7); } }");
        int result = ToolProvider.getSystemJavaCompiler()
                .run(
                        null,
                        null,
                        null,
                        "-d",
                        classes.toString(),
                        module.toString(),
                        record.toString(),
                        maker.toString());
        assertThat(result).isZero();
        Configuration configuration = ModuleLayer.boot()
                .configuration()
                .resolve(ModuleFinder.of(classes), ModuleFinder.of(), Set.of("hidden"));
        ModuleLayer layer = ModuleLayer.defineModulesWithOneLoader(
                        configuration, List.of(ModuleLayer.boot()), ClassLoader.getSystemClassLoader())
                .layer();
        return ServiceLoader.load(layer, Supplier.class)
                .findFirst()
                .orElseThrow()
                .get();
    }

    @Test
    void itIsRefusedInWordsAsARowAndAsValues() throws IOException {
        Object hidden = hiddenRecord();

        assertThatThrownBy(() -> RowMapping.to(hidden.getClass()))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("The record hidden.Row is not accessible from dev.switchboard.routing. Make it public in an"
                        + " exported package, open its package, or use map(row -> ..).");
        assertThatThrownBy(() -> NamedValues.of(hidden))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("The record hidden.Row is not accessible from dev.switchboard.routing. Make it public in an"
                        + " exported package, open its package, or bind its values one by one.");
    }
}
