package dev.switchboard.routing;

/**
 * What an average is made of; {@code map(SumAndCount.class)} reads it from the columns {@code sum} and {@code count}.
 *
 * @param sum the sum of the values, 0 where there is none
 * @param count how many values
 */
public record SumAndCount(double sum, long count) {

    /**
     * Both together.
     *
     * @param other the values of another database
     * @return the sum of the sums and of the counts
     */
    public SumAndCount plus(SumAndCount other) {
        return new SumAndCount(sum + other.sum, count + other.count);
    }
}
