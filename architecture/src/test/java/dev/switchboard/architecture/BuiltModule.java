package dev.switchboard.architecture;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.Location;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.module.ModuleDescriptor;
import java.net.MalformedURLException;
import java.net.URL;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/**
 * One published module as the build made it: its descriptor and its classes, from a jar or a folder on the class path.
 * The modules are found by their descriptors, so that one which nobody listed is noticed.
 */
record BuiltModule(PublishedModule module, ModuleDescriptor descriptor, URL location, JavaClasses classes) {

    private static final String DESCRIPTOR = "module-info.class";
    private static final List<BuiltModule> ALL = find();

    static List<BuiltModule> all() {
        return ALL;
    }

    /** The classes of all published modules together. */
    static JavaClasses allClasses() {
        return classesOf(ignored -> true);
    }

    static JavaClasses classesOf(Predicate<PublishedModule> wanted) {
        return new ClassFileImporter()
                .importLocations(ALL.stream()
                        .filter(built -> wanted.test(built.module))
                        .map(built -> Location.of(built.location))
                        .collect(Collectors.toSet()));
    }

    /** The types that stand in a file of their own, without descriptors of packages and modules. */
    List<JavaClass> topLevelTypes() {
        return classes.stream()
                .filter(type -> type.isTopLevelClass() && !type.getSimpleName().endsWith("-info"))
                .sorted(Comparator.comparing(JavaClass::getName))
                .toList();
    }

    private static List<BuiltModule> find() {
        try {
            List<BuiltModule> found = new ArrayList<>();
            ClassLoader loader = BuiltModule.class.getClassLoader();
            for (URL url : Collections.list(loader.getResources(DESCRIPTOR))) {
                ModuleDescriptor descriptor = read(url);
                if (descriptor.name().startsWith("dev.switchboard.")) {
                    URL location = parent(url);
                    JavaClasses classes = new ClassFileImporter().importLocations(Set.of(Location.of(location)));
                    found.add(new BuiltModule(PublishedModule.named(descriptor.name()), descriptor, location, classes));
                }
            }
            return List.copyOf(found);
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }

    private static ModuleDescriptor read(URL url) throws IOException {
        try (InputStream in = url.openStream()) {
            return ModuleDescriptor.read(in);
        }
    }

    private static URL parent(URL descriptor) throws MalformedURLException {
        String text = descriptor.toString();
        return new URL(text.substring(0, text.length() - DESCRIPTOR.length()));
    }
}
