package dev.switchboard.routing;

import java.math.BigDecimal;
import java.math.MathContext;
import org.jspecify.annotations.Nullable;

/**
 * What an average is made of; {@code map(SumAndCount.class)} reads it from the columns {@code sum} and {@code count}.
 *
 * @param sum the sum of the values; null counts as 0, as SQL says NULL where there is none
 * @param count how many values
 */
public record SumAndCount(@Nullable BigDecimal sum, long count) {

    /**
     * Both together.
     *
     * @param other the values of another database
     * @return the sum of the sums and of the counts
     * @throws ArithmeticException if the count does not fit into 64 bits
     */
    public SumAndCount plus(SumAndCount other) {
        return new SumAndCount(value().add(other.value()), Math.addExact(count, other.count));
    }

    private BigDecimal value() {
        return sum == null ? BigDecimal.ZERO : sum;
    }

    /** The average, or null where there are no values. */
    @Nullable
    BigDecimal average() {
        return count == 0 ? null : value().divide(BigDecimal.valueOf(count), MathContext.DECIMAL128);
    }
}
