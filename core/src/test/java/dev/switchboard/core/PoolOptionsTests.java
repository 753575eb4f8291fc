package dev.switchboard.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import io.r2dbc.spi.ValidationDepth;
import java.time.Duration;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class PoolOptionsTests {

    private static final Duration TOO_SHORT = Duration.ofMillis(1);

    @Test
    void theDefaultsAreFiniteAndShared() {
        PoolOptions defaults = PoolOptions.defaults();
        assertThat(defaults.name()).isNull();
        assertThat(defaults.maxSize()).isEqualTo(10);
        assertThat(defaults.minIdle()).isZero();
        assertThat(defaults.maxWaiting()).isEqualTo(10_000);
        assertThat(defaults.validation()).isEqualTo(ValidationDepth.REMOTE);
        assertThat(defaults.validationQuery()).isNull();
        assertThat(defaults.acquireTimeout()).isEqualTo(Duration.ofSeconds(30));
        assertThat(defaults.createTimeout()).isEqualTo(Duration.ofSeconds(10));
        assertThat(defaults.validationTimeout()).isEqualTo(Duration.ofSeconds(2));
        assertThat(defaults.validateAfterIdle()).isEqualTo(Duration.ofSeconds(30));
        assertThat(defaults.idleTimeout()).isEqualTo(Duration.ofMinutes(10));
        assertThat(defaults.maxLifetime()).isEqualTo(Duration.ofMinutes(30));
        assertThat(defaults.lifetimeVariance()).isEqualTo(10);
        assertThat(defaults.resetTimeout()).isEqualTo(Duration.ofSeconds(5));
        assertThat(defaults.drainTimeout()).isEqualTo(Duration.ofSeconds(30));
        assertThat(PoolOptions.defaults())
                .isSameAs(defaults)
                .isEqualTo(PoolOptions.builder().build());
    }

    static Stream<Arguments> badSizes() {
        return Stream.of(
                arguments(
                        change(pool -> pool.maxSize(0)),
                        "maxSize is 0. Allowed: 1 or more. Set maxSize in that range."),
                arguments(
                        change(pool -> pool.minIdle(-1)),
                        "minIdle is -1. Allowed: 0 or more. Set minIdle in that range."),
                arguments(
                        change(pool -> pool.minIdle(5).maxSize(4)),
                        "minIdle is 5 and maxSize is 4. Allowed: a minIdle of at most maxSize."
                                + " Lower minIdle or raise maxSize."),
                arguments(
                        change(pool -> pool.maxWaiting(-1)),
                        "maxWaiting is -1. Allowed: 0 or more. Set maxWaiting in that range."),
                arguments(
                        change(pool -> pool.name(" ")),
                        "the pool's name ' ' is not a name. Allowed: 1 to 200 characters, without control or invisible"
                                + " characters. Choose another name, or none for the name of the connection."),
                arguments(
                        change(pool -> pool.name("a\nb")),
                        "the pool's name 'a\\u000Ab' is not a name. Allowed: 1 to 200 characters, without control or"
                                + " invisible characters. Choose another name, or none for the name of the"
                                + " connection."),
                arguments(
                        change(pool -> pool.validationQuery(" ")),
                        "validationQuery is blank. Allowed: a query without parameters, such as SELECT 1."
                                + " Write a query, or leave it out for the driver's own validation."),
                arguments(
                        change(pool -> pool.validationQuery("SELECT 1").validation(ValidationDepth.LOCAL)),
                        "validation is LOCAL, which asks no server, and validationQuery is 'SELECT 1'."
                                + " Allowed: a validationQuery with validation REMOTE. Leave one of the two out."));
    }

    static Stream<Arguments> badTimes() {
        return Stream.of(
                arguments(
                        change(pool -> pool.acquireTimeout(TOO_SHORT)),
                        "acquireTimeout is 1 ms. Allowed: 10 ms to 24 h. Set acquireTimeout in that range."),
                arguments(
                        change(pool -> pool.acquireTimeout(Duration.ofSeconds(Long.MAX_VALUE))),
                        "acquireTimeout is 106751991167300 days. Allowed: 10 ms to 24 h."
                                + " Set acquireTimeout in that range."),
                arguments(
                        change(pool -> pool.createTimeout(Duration.ZERO)),
                        "createTimeout is 0 ms. Allowed: 10 ms to 24 h. Set createTimeout in that range."),
                arguments(
                        change(pool -> pool.validationTimeout(TOO_SHORT)),
                        "validationTimeout is 1 ms. Allowed: 10 ms to 24 h. Set validationTimeout in that range."),
                arguments(
                        change(pool -> pool.validationTimeout(Duration.ofSeconds(30))),
                        "validationTimeout is 30 s and acquireTimeout is 30 s. Allowed: a validationTimeout shorter than"
                                + " acquireTimeout. Lower validationTimeout or raise acquireTimeout."),
                arguments(
                        change(pool -> pool.validateAfterIdle(Duration.ofSeconds(-1))),
                        "validateAfterIdle is -1 s. Allowed: 0 ms to 365 days. Set validateAfterIdle in that range."),
                arguments(
                        change(pool -> pool.idleTimeout(Duration.ofMillis(99))),
                        "idleTimeout is 99 ms. Allowed: 100 ms to 365 days. Set idleTimeout in that range."),
                arguments(
                        change(pool -> pool.maxLifetime(Duration.ofMillis(99))),
                        "maxLifetime is 99 ms. Allowed: 100 ms to 365 days. Set maxLifetime in that range."),
                arguments(
                        change(pool -> pool.lifetimeVariance(51)),
                        "lifetimeVariance is 51. Allowed: 0 to 50. Set lifetimeVariance in that range."),
                arguments(
                        change(pool -> pool.resetTimeout(TOO_SHORT)),
                        "resetTimeout is 1 ms. Allowed: 10 ms to 24 h. Set resetTimeout in that range."),
                arguments(
                        change(pool -> pool.drainTimeout(Duration.ofDays(-2))),
                        "drainTimeout is -2 days. Allowed: 0 ms to 24 h. Set drainTimeout in that range."),
                arguments(
                        change(pool -> pool.keepAlive(Duration.ZERO)),
                        "keepAlive is 0 ms. Allowed: 100 ms to 365 days. Set keepAlive in that range."),
                arguments(
                        change(pool -> pool.leakThreshold(Duration.ZERO)),
                        "leakThreshold is 0 ms. Allowed: 10 ms to 365 days. Set leakThreshold in that range."));
    }

    private static UnaryOperator<PoolOptions.Builder> change(UnaryOperator<PoolOptions.Builder> change) {
        return change;
    }

    @ParameterizedTest
    @MethodSource({"badSizes", "badTimes"})
    void aValueThatCannotBeRightIsRefusedInWords(UnaryOperator<PoolOptions.Builder> change, String message) {
        assertThatThrownBy(change.apply(PoolOptions.builder())::build)
                .isInstanceOf(InvalidDefinitionException.class)
                .hasMessage("Cannot be used: " + message);
    }

    @Test
    void aShortAcquireTimeoutShortensTheValidationThatNobodyChose() {
        PoolOptions hasty =
                PoolOptions.builder().acquireTimeout(Duration.ofSeconds(1)).build();
        assertThat(hasty.validationTimeout()).isEqualTo(Duration.ofMillis(500));
        assertThat(hasty.mutate().acquireTimeout(Duration.ofSeconds(30)).build())
                .isEqualTo(PoolOptions.defaults());
    }

    @Test
    void aChosenValidationTimeoutStaysChosen() {
        PoolOptions chosen =
                PoolOptions.builder().validationTimeout(Duration.ofSeconds(5)).build();
        assertThatThrownBy(chosen.mutate().acquireTimeout(Duration.ofSeconds(4))::build)
                .isInstanceOf(InvalidDefinitionException.class)
                .hasMessageContaining("validationTimeout is 5 s and acquireTimeout is 4 s");
    }

    @Test
    void everyKnobTakesPartInEqualityAndInTheText() {
        Duration other = Duration.ofSeconds(17);
        Stream<UnaryOperator<PoolOptions.Builder>> changes = Stream.of(
                pool -> pool.name("shards17"),
                pool -> pool.maxSize(17),
                pool -> pool.maxSize(17).minIdle(7),
                pool -> pool.maxWaiting(17),
                pool -> pool.validationQuery("SELECT 17"),
                pool -> pool.acquireTimeout(other),
                pool -> pool.createTimeout(other),
                pool -> pool.validationTimeout(other),
                pool -> pool.validateAfterIdle(other),
                pool -> pool.keepAlive(other),
                pool -> pool.idleTimeout(other),
                pool -> pool.maxLifetime(other),
                pool -> pool.lifetimeVariance(17),
                pool -> pool.resetTimeout(other),
                pool -> pool.drainTimeout(other),
                pool -> pool.leakThreshold(other));
        changes.forEach(change -> {
            PoolOptions changed = change.apply(PoolOptions.builder()).build();
            assertThat(changed)
                    .isNotEqualTo(PoolOptions.defaults())
                    .isEqualTo(changed.mutate().build());
            assertThat(changed).hasSameHashCodeAs(changed.mutate().build());
            assertThat(changed.toString())
                    .contains("17")
                    .isNotEqualTo(PoolOptions.defaults().toString());
        });
    }

    @Test
    void theTextNamesEveryKnob() {
        assertThat(PoolOptions.defaults())
                .hasToString(
                        "PoolOptions[maxSize=10, minIdle=0, maxWaiting=10000, acquireTimeout=PT30S, createTimeout=PT10S,"
                                + " validationTimeout=PT2S, validateAfterIdle=PT30S, validation=REMOTE,"
                                + " idleTimeout=PT10M, maxLifetime=PT30M, lifetimeVariance=10, resetTimeout=PT5S,"
                                + " drainTimeout=PT30S]");
        assertThat(PoolOptions.builder()
                        .name("shards")
                        .validationQuery("SELECT 1")
                        .build()
                        .toString())
                .endsWith(", name=shards, validationQuery=SELECT 1]");
    }
}
