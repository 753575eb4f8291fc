package dev.switchboard.architecture;

import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaModifier;
import java.io.IOException;
import java.util.List;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What is public is written down, so that every change of the API is seen in a review; and it is the smaller part. */
class PublicTypesTests {

    /** At least so many of a hundred top-level types are hidden, over all published modules. */
    private static final int HIDDEN_PERCENT = 35;

    static List<BuiltModule> modules() {
        return BuiltModule.all();
    }

    @ParameterizedTest
    @MethodSource("modules")
    void thePublicTypesAreThoseOnTheList(BuiltModule built) throws IOException {
        String difference = PublicTypes.difference(PublicTypes.of(built.classes()), PublicTypes.listed(built.module()));

        assertThat(difference)
                .as("Public means that a user types it, implements it, catches it or reads it from an event. If that is"
                        + " so, edit architecture/" + PublicTypes.listOf(built.module()) + " like this")
                .isEmpty();
    }

    @Test
    void aNewPublicTypeIsNoticed() {
        JavaClasses offence = OffendingCode.compile(List.of(
                "package dev.switchboard.core; public class Offender { public enum Inner {} class Hidden {} }"));

        assertThat(PublicTypes.difference(PublicTypes.of(offence), new TreeSet<>()))
                .isEqualTo("+ Offender\n+ Offender.Inner\n");
    }

    @Test
    void aPublicTypeThatIsGoneIsNoticed() {
        assertThat(PublicTypes.difference(new TreeSet<>(), new TreeSet<>(List.of("Gone"))))
                .isEqualTo("- Gone\n");
    }

    @Test
    void enoughTypesAreHidden() {
        List<JavaClass> types = BuiltModule.all().stream()
                .flatMap(built -> built.topLevelTypes().stream())
                .toList();

        assertThat(hiddenPercent(types)).as("of %s types", types.size()).isGreaterThanOrEqualTo(HIDDEN_PERCENT);
    }

    @Test
    void tooManyPublicTypesAreNoticed() {
        JavaClasses offence = OffendingCode.compile(List.of(
                "package dev.switchboard.core; public class One {}",
                "package dev.switchboard.core; public class Two {}",
                "package dev.switchboard.core; class Three {}"));

        assertThat(hiddenPercent(List.copyOf(offence))).isEqualTo(33).isLessThan(HIDDEN_PERCENT);
    }

    private static int hiddenPercent(List<JavaClass> types) {
        long hidden = types.stream()
                .filter(type -> !type.getModifiers().contains(JavaModifier.PUBLIC))
                .count();
        return (int) (hidden * 100 / types.size());
    }
}
