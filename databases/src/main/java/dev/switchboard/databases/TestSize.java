package dev.switchboard.databases;

/**
 * How large the tests run: in the short form, which keeps a build quick, or with the full figures, when the system
 * property {@code switchboard.test.size} is {@code full} (the profile {@code soak} sets it).
 */
public final class TestSize {
    private static final boolean FULL = "full".equals(System.getProperty("switchboard.test.size"));

    private TestSize() {}

    /**
     * Whether the full figures were asked for.
     *
     * @return false in the short form
     */
    public static boolean isFull() {
        return FULL;
    }

    /**
     * A figure of a test.
     *
     * @param inShort the figure of the short form
     * @param inFull the full figure
     * @return the one that applies
     */
    public static int of(int inShort, int inFull) {
        return FULL ? inFull : inShort;
    }
}
