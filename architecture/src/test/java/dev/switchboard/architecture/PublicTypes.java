package dev.switchboard.architecture;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaModifier;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.stream.Collectors;

/** The types that users of a module can name, and the list of them that is kept with the tests. */
final class PublicTypes {

    private PublicTypes() {}

    /** Types that are public or protected all the way out to their file. */
    static SortedSet<String> of(JavaClasses classes) {
        return classes.stream()
                .filter(PublicTypes::isReachable)
                .map(type -> type.getName()
                        .substring(type.getPackageName().length() + 1)
                        .replace('$', '.'))
                .collect(Collectors.toCollection(TreeSet::new));
    }

    private static boolean isReachable(JavaClass type) {
        boolean visible = type.getModifiers().contains(JavaModifier.PUBLIC)
                || type.getModifiers().contains(JavaModifier.PROTECTED);
        Optional<JavaClass> enclosing = type.getEnclosingClass();
        return visible
                && !type.isAnonymousClass()
                && !type.isLocalClass()
                && enclosing.map(PublicTypes::isReachable).orElse(true);
    }

    static Path listOf(PublishedModule module) {
        return Path.of("src/test/resources/public-types", module.folder() + ".txt");
    }

    static SortedSet<String> listed(PublishedModule module) throws IOException {
        return Files.readAllLines(listOf(module)).stream()
                .filter(line -> !line.isBlank() && !line.startsWith("#"))
                .collect(Collectors.toCollection(TreeSet::new));
    }

    /** What to do to the list; empty when it is right. */
    static String difference(SortedSet<String> found, SortedSet<String> listed) {
        String added =
                minus(found, listed).stream().map(name -> "+ " + name + "\n").collect(Collectors.joining());
        String gone =
                minus(listed, found).stream().map(name -> "- " + name + "\n").collect(Collectors.joining());
        return added + gone;
    }

    private static List<String> minus(SortedSet<String> names, SortedSet<String> others) {
        return names.stream().filter(name -> !others.contains(name)).toList();
    }
}
