package dev.switchboard.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import java.time.Duration;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;
import reactor.test.scheduler.VirtualTimeScheduler;

@Tag("once")
class RegistryOptionsTests {

    @Test
    void theDefaultsKnowNoDirectoryAndAreShared() {
        RegistryOptions defaults = RegistryOptions.defaults();
        assertThat(defaults).isSameAs(RegistryOptions.defaults());
        assertThat(defaults.directory()).isNull();
        assertThat(defaults.metrics()).isNull();
        assertThat(defaults.exchange()).isEqualTo(ExchangeOptions.defaults());
        assertThat(defaults.timer()).isSameAs(Schedulers.parallel());
        assertThat(defaults.directoryOptions())
                .isSameAs(DirectoryOptions.defaults())
                .isEqualTo(DirectoryOptions.builder().build());
    }

    @Test
    void aChangedCopyKeepsTheRest() {
        VirtualTimeScheduler time = VirtualTimeScheduler.create();
        ConnectionDirectory nobody = name -> Mono.empty();
        ConnectionMetrics metrics = (name, maxWaiting, counts) -> {
            throw new AssertionError(name);
        };
        RegistryOptions options = RegistryOptions.builder()
                .timer(time)
                .directory(nobody)
                .metrics(metrics)
                .build();
        ExchangeOptions strict = ExchangeOptions.builder().strictOverlap(true).build();
        RegistryOptions changed = options.mutate().exchange(strict).build();
        assertThat(changed.timer()).isSameAs(time);
        assertThat(changed.directory()).isSameAs(nobody);
        assertThat(changed.exchange()).isEqualTo(strict);
        assertThat(changed.metrics()).isSameAs(metrics);
    }

    static Stream<Arguments> badOptions() {
        return Stream.of(
                arguments(
                        change(options -> options.maxRemembered(0)),
                        "maxRemembered is 0. Allowed: 1 or more. Set maxRemembered in that range."),
                arguments(
                        change(options -> options.maxUnknown(-1)),
                        "maxUnknown is -1. Allowed: 0 or more. Set maxUnknown in that range."),
                arguments(
                        change(options -> options.timeToLive(Duration.ZERO)),
                        "timeToLive is 0 ms. Allowed: 10 ms to 365 days. Set timeToLive in that range."),
                arguments(
                        change(options -> options.unknownTimeToLive(Duration.ZERO)),
                        "unknownTimeToLive is 0 ms. Allowed: 10 ms to 365 days. Set unknownTimeToLive in that range."),
                arguments(
                        change(options -> options.lookupTimeout(Duration.ofDays(400))),
                        "lookupTimeout is 400 days. Allowed: 10 ms to 365 days. Set lookupTimeout in that range."));
    }

    private static UnaryOperator<DirectoryOptions.Builder> change(UnaryOperator<DirectoryOptions.Builder> change) {
        return change;
    }

    @ParameterizedTest
    @MethodSource("badOptions")
    void aValueThatCannotBeRightIsRefusedInWords(UnaryOperator<DirectoryOptions.Builder> change, String message) {
        assertThatThrownBy(change.apply(DirectoryOptions.builder())::build)
                .isInstanceOf(InvalidDefinitionException.class)
                .hasMessage("Cannot be used: " + message);
    }

    @Test
    void everyKnobOfADirectoryTakesPartInEqualityAndInTheText() {
        Duration other = Duration.ofSeconds(17);
        Stream<UnaryOperator<DirectoryOptions.Builder>> changes = Stream.of(
                options -> options.names(Pattern.compile("[a-z]{17}")),
                options -> options.maxRemembered(17),
                options -> options.timeToLive(other),
                options -> options.maxUnknown(17),
                options -> options.unknownTimeToLive(other),
                options -> options.lookupTimeout(other));
        changes.forEach(change -> {
            DirectoryOptions changed = change.apply(DirectoryOptions.builder()).build();
            assertThat(changed)
                    .isNotEqualTo(DirectoryOptions.defaults())
                    .isEqualTo(changed.mutate().build())
                    .hasSameHashCodeAs(changed.mutate().build());
            assertThat(changed.toString()).contains("17");
        });
    }
}
