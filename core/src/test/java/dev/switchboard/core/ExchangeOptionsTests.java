package dev.switchboard.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import java.time.Duration;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class ExchangeOptionsTests {

    @Test
    void theDefaultsAreFiniteAndShared() {
        ExchangeOptions defaults = ExchangeOptions.defaults();
        assertThat(defaults.drainRows()).isEqualTo(10_000);
        assertThat(defaults.drainTimeout()).isEqualTo(Duration.ofSeconds(1));
        assertThat(defaults.transactionDrainTimeout()).isEqualTo(Duration.ofSeconds(10));
        assertThat(defaults.serverCancelTimeout()).isEqualTo(Duration.ofSeconds(2));
        assertThat(defaults.overlapTimeout()).isEqualTo(Duration.ofSeconds(1));
        assertThat(defaults.strictOverlap()).isFalse();
        assertThat(defaults.eagerBegin()).isFalse();
        assertThat(ExchangeOptions.defaults())
                .isSameAs(defaults)
                .isEqualTo(ExchangeOptions.builder().build());
    }

    static Stream<Arguments> badOptions() {
        Duration negative = Duration.ofMillis(-5);
        return Stream.of(
                arguments(
                        change(exchange -> exchange.drainRows(-1)),
                        "drainRows is -1. Allowed: 0 or more. Set drainRows in that range."),
                arguments(
                        change(exchange -> exchange.drainTimeout(negative)),
                        "drainTimeout is -5 ms. Allowed: 0 ms to 24 h. Set drainTimeout in that range."),
                arguments(
                        change(exchange -> exchange.transactionDrainTimeout(negative)),
                        "transactionDrainTimeout is -5 ms. Allowed: 0 ms to 24 h."
                                + " Set transactionDrainTimeout in that range."),
                arguments(
                        change(exchange -> exchange.serverCancelTimeout(Duration.ZERO)),
                        "serverCancelTimeout is 0 ms. Allowed: 10 ms to 24 h. Set serverCancelTimeout in that range."),
                arguments(
                        change(exchange -> exchange.overlapTimeout(Duration.ZERO)),
                        "overlapTimeout is 0 ms. Allowed: 10 ms to 24 h. Set overlapTimeout in that range."));
    }

    private static UnaryOperator<ExchangeOptions.Builder> change(UnaryOperator<ExchangeOptions.Builder> change) {
        return change;
    }

    @ParameterizedTest
    @MethodSource("badOptions")
    void aValueThatCannotBeRightIsRefusedInWords(UnaryOperator<ExchangeOptions.Builder> change, String message) {
        assertThatThrownBy(change.apply(ExchangeOptions.builder())::build)
                .isInstanceOf(InvalidDefinitionException.class)
                .hasMessage("Cannot be used: " + message);
    }

    @Test
    void everyKnobTakesPartInEqualityAndInTheText() {
        Duration other = Duration.ofSeconds(17);
        Stream<UnaryOperator<ExchangeOptions.Builder>> changes = Stream.of(
                exchange -> exchange.drainRows(17),
                exchange -> exchange.drainTimeout(other),
                exchange -> exchange.transactionDrainTimeout(other),
                exchange -> exchange.serverCancelTimeout(other),
                exchange -> exchange.overlapTimeout(other),
                exchange -> exchange.strictOverlap(true),
                exchange -> exchange.eagerBegin(true));
        changes.forEach(change -> {
            ExchangeOptions changed = change.apply(ExchangeOptions.builder()).build();
            assertThat(changed)
                    .isNotEqualTo(ExchangeOptions.defaults())
                    .isEqualTo(changed.mutate().build());
            assertThat(changed).hasSameHashCodeAs(changed.mutate().build());
            assertThat(changed.toString())
                    .isNotEqualTo(ExchangeOptions.defaults().toString());
        });
    }

    @Test
    void theTextNamesEveryKnob() {
        assertThat(ExchangeOptions.defaults())
                .hasToString("ExchangeOptions[drainRows=10000, drainTimeout=PT1S, transactionDrainTimeout=PT10S,"
                        + " serverCancelTimeout=PT2S, overlapTimeout=PT1S, strictOverlap=false, eagerBegin=false]");
    }
}
