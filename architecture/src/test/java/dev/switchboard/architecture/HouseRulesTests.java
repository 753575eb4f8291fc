package dev.switchboard.architecture;

import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.lang.EvaluationResult;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The rules of the house hold, and each of them is seen to fail. */
class HouseRulesTests {

    private static final JavaClasses PUBLISHED = BuiltModule.allClasses();

    static List<HouseRule> rules() {
        return Stream.of(Arrows.rules(), Habits.rules(), Shape.rules())
                .flatMap(List::stream)
                .toList();
    }

    @ParameterizedTest
    @MethodSource("rules")
    void theRuleHolds(HouseRule rule) {
        EvaluationResult result = rule.rule().evaluate(PUBLISHED);

        assertThat(result.getFailureReport().getDetails()).as(rule.name()).isEmpty();
    }

    @ParameterizedTest
    @MethodSource("rules")
    void theRuleBites(HouseRule rule) {
        EvaluationResult result = rule.rule().evaluate(OffendingCode.compile(rule.offence()));

        assertThat(result.getFailureReport().getDetails())
                .as(rule.name())
                .isNotEmpty()
                .allMatch(detail -> detail.contains("Offender"));
    }

    @Test
    void theRulesLookAtEveryPublishedModule() {
        assertThat(BuiltModule.all())
                .extracting(BuiltModule::module)
                .containsExactlyInAnyOrder(PublishedModule.values());
        assertThat(BuiltModule.all())
                .allSatisfy(built -> assertThat(built.topLevelTypes()).isNotEmpty());
    }

    @ParameterizedTest
    @MethodSource("rules")
    void everyExceptionIsStillNeeded(HouseRule rule) {
        List<String> found =
                rule.withoutExceptions().evaluate(PUBLISHED).getFailureReport().getDetails();

        assertThat(rule.exceptions())
                .allSatisfy(exception -> assertThat(found).anyMatch(detail -> detail.contains(exception)));
    }
}
