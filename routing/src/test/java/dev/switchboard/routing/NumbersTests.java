package dev.switchboard.routing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class NumbersTests {

    static Stream<Arguments> lossless() {
        return Stream.of(
                arguments(7, 7L),
                arguments(7L, 7),
                arguments(-128L, (byte) -128),
                arguments(32767, (short) 32767),
                arguments(7, new BigDecimal("7")),
                arguments(7L, BigInteger.valueOf(7)),
                arguments(new BigDecimal("7.00"), 7),
                arguments(new BigDecimal("0.1"), 0.1),
                arguments(new BigDecimal("0.1"), 0.1f),
                arguments(0.5f, 0.5),
                arguments(0.1f, 0.1),
                arguments(0.1, 0.1f),
                arguments(3.0, 3L),
                arguments(1L << 53, 9007199254740992.0),
                arguments(Double.NaN, Float.NaN),
                arguments(Float.POSITIVE_INFINITY, Double.POSITIVE_INFINITY),
                arguments(BigInteger.TWO.pow(63).subtract(BigInteger.ONE), Long.MAX_VALUE));
    }

    @ParameterizedTest(name = "{0} becomes {1}")
    @MethodSource("lossless")
    void aNumberThatKeepsItsDigitsIsConverted(Number from, Number to) throws ConversionRefused {
        assertThat(Numbers.exactly(from, to.getClass())).isEqualTo(to);
    }

    static Stream<Arguments> lossy() {
        return Stream.of(
                arguments(300, Byte.class, "(Integer) that does not fit Byte"),
                arguments(1L << 40, Integer.class, "(Long) that does not fit Integer"),
                arguments(70_000, Short.class, "(Integer) that does not fit Short"),
                arguments(BigInteger.TWO.pow(63), Long.class, "(BigInteger) that does not fit Long"),
                arguments(1.5, Long.class, "(Double) that does not fit Long"),
                arguments(new BigDecimal("0.5"), Integer.class, "(BigDecimal) that does not fit Integer"),
                arguments(new BigDecimal("0.5"), BigInteger.class, "(BigDecimal) that does not fit BigInteger"),
                arguments((1L << 53) + 1, Double.class, "(Long) with more digits than Double keeps"),
                arguments((1 << 24) + 1, Float.class, "(Integer) with more digits than Float keeps"),
                arguments(0.123456789, Float.class, "(Double) with more digits than Float keeps"),
                arguments(
                        new BigDecimal("0.12345678901234567890"),
                        Double.class,
                        "(BigDecimal) with more digits than Double keeps"),
                arguments(new BigDecimal("1e400"), Double.class, "(BigDecimal) with more digits than Double keeps"),
                arguments(7, AtomicInteger.class, "(Integer), and AtomicInteger is no number type that is known here"));
    }

    @ParameterizedTest(name = "{0} does not become {1}")
    @MethodSource("lossy")
    void aNumberThatWouldLoseDigitsIsRefused(Number from, Class<?> to, String found) {
        assertThatThrownBy(() -> Numbers.exactly(from, to))
                .isInstanceOf(ConversionRefused.class)
                .hasMessage("holds a number " + found);
    }

    @Test
    void whatIsNoFiniteNumberBecomesAFloatingPointNumberOnly() {
        for (double value : new double[] {Double.NaN, Double.NEGATIVE_INFINITY}) {
            for (Class<?> type : List.of(Long.class, BigDecimal.class)) {
                assertThatThrownBy(() -> Numbers.exactly(value, type))
                        .isInstanceOf(ConversionRefused.class)
                        .hasMessage("holds NaN or an infinity");
            }
        }
    }

    @Test
    void whatToDoNextStandsInTheErrorThatIsSeen() {
        assertThatThrownBy(() -> Numbers.exactly(300, Byte.class))
                .isInstanceOfSatisfying(
                        ConversionRefused.class,
                        refused -> assertThat(refused.in("orders", Byte.class, "size"))
                                .hasMessage(
                                        "A row cannot become Byte: column 'size' holds a number (Integer) that does not fit Byte."
                                                + " Declare a wider type, or round in the SQL."));
    }

    @Test
    void onlyZeroAndOneAreBooleans() throws ConversionRefused {
        assertThat(Numbers.asBoolean(0)).isFalse();
        assertThat(Numbers.asBoolean(1L)).isTrue();
        assertThat(Numbers.asBoolean(new BigDecimal("1.0"))).isTrue();
        assertThatThrownBy(() -> Numbers.asBoolean(2))
                .isInstanceOf(ConversionRefused.class)
                .hasMessage("holds a number other than 0 and 1");
    }

    @Test
    void textIsANumberWhenAllOfItIs() throws ConversionRefused {
        assertThat(Numbers.fromText(" 12 ", Long.class)).isEqualTo(12L);
        assertThatThrownBy(() -> Numbers.fromText("12 apples", Long.class))
                .isInstanceOf(ConversionRefused.class)
                .hasMessage("holds text that is no number");
        assertThatThrownBy(() -> Numbers.fromText("300", Byte.class))
                .isInstanceOf(ConversionRefused.class)
                .hasMessage("holds a number (text) that does not fit Byte");
    }
}
