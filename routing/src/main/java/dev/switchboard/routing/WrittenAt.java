package dev.switchboard.routing;

import org.jspecify.annotations.Nullable;

/** For products without positions: what was written then is taken to be everywhere after a while. */
record WrittenAt(long epochMillis) implements LogPosition {

    static final char LETTER = 't';

    static @Nullable WrittenAt parse(String text) {
        Long millis = Digits.decimal(text);
        return millis == null ? null : new WrittenAt(millis);
    }

    @Override
    public boolean isReachedBy(LogPosition replayed) {
        return replayed instanceof WrittenAt that && that.epochMillis >= epochMillis;
    }

    @Override
    public LogPosition and(LogPosition other) {
        return isReachedBy(other) || !(other instanceof WrittenAt) ? other : this;
    }

    @Override
    public String text() {
        return LETTER + Long.toString(epochMillis);
    }
}
