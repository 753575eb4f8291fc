package dev.switchboard.architecture;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.module.ModuleDescriptor;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** A module exports its package and those for optional libraries, opens nothing, and requires what its row allows. */
class ModuleDescriptorTests {

    static List<BuiltModule> modules() {
        return BuiltModule.all();
    }

    @ParameterizedTest
    @MethodSource("modules")
    void aModuleIsOnePackageThatIsExported(BuiltModule built) {
        assertThat(complaints(built.module(), built.descriptor())).isEmpty();
        assertThat(built.classes())
                .allSatisfy(type -> assertThat(type.getPackageName())
                        .isIn(Stream.concat(Stream.of(""), built.module().packages().stream())
                                .toArray()));
    }

    @Test
    void everyModuleDescriptorInTheRepositoryHasARow() throws IOException {
        Path root = Repository.root();
        try (Stream<Path> folders = Files.list(root)) {
            List<String> published = folders.filter(
                            folder -> Files.exists(folder.resolve("src/main/java/module-info.java")))
                    .map(folder -> root.relativize(folder).toString())
                    .toList();
            assertThat(published)
                    .containsExactlyInAnyOrderElementsOf(Stream.of(PublishedModule.values())
                            .map(PublishedModule::folder)
                            .toList());
        }
    }

    @Test
    void aSecondExportIsNoticed() {
        assertThat(complaints(
                        PublishedModule.CORE,
                        good().exports("dev.switchboard.core.more").build()))
                .singleElement()
                .asString()
                .contains("exports", "dev.switchboard.core.more");
    }

    @Test
    void aPackageWithoutAnExportIsNoticed() {
        assertThat(complaints(
                        PublishedModule.CORE,
                        good().packages(Set.of("dev.switchboard.core.hidden")).build()))
                .singleElement()
                .asString()
                .contains("dev.switchboard.core.hidden");
    }

    @Test
    void anOpenPackageIsNoticed() {
        assertThat(complaints(
                        PublishedModule.CORE,
                        good().opens("dev.switchboard.core").build()))
                .singleElement()
                .asString()
                .contains("opens");
    }

    @Test
    void aRequirementOutsideTheRowIsNoticed() {
        assertThat(complaints(
                        PublishedModule.CORE,
                        good().requires("dev.switchboard.routing").build()))
                .singleElement()
                .asString()
                .contains("requires", "dev.switchboard.routing");
    }

    private static ModuleDescriptor.Builder good() {
        return ModuleDescriptor.newModule("dev.switchboard.core")
                .requires("java.base")
                .exports("dev.switchboard.core");
    }

    private static List<String> complaints(PublishedModule module, ModuleDescriptor descriptor) {
        List<String> complaints = new ArrayList<>();
        for (ModuleDescriptor.Exports exports : descriptor.exports()) {
            if (exports.isQualified() || !module.packages().contains(exports.source())) {
                complaints.add(descriptor.name() + " exports " + exports);
            }
        }
        for (String name : descriptor.packages()) {
            if (!name.equals(module.root())
                    && descriptor.exports().stream().noneMatch(it -> it.source().equals(name))) {
                complaints.add(descriptor.name() + " has a second package, " + name);
            }
        }
        if (descriptor.isOpen() || !descriptor.opens().isEmpty()) {
            complaints.add(descriptor.name() + " opens " + descriptor.opens());
        }
        for (ModuleDescriptor.Requires requires : descriptor.requires()) {
            if (!module.requirable().contains(requires.name())) {
                complaints.add(descriptor.name() + " requires " + requires.name());
            }
        }
        return complaints;
    }
}
