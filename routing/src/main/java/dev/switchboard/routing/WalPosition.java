package dev.switchboard.routing;

import org.jspecify.annotations.Nullable;

/**
 * A place in PostgreSQL's write-ahead log. A standby that was promoted begins a new timeline; places of different timelines are
 * not compared, since the old one may go on where the new one has branched off.
 *
 * @param timeline which timeline, counted from 1
 * @param lsn the byte, without sign
 */
record WalPosition(long timeline, long lsn) implements LogPosition {

    static final char LETTER = 'w';

    private static final long PAGE = 8192;
    private static final long PAGE_HEADER = 24;

    /** From the server's own words: a timeline and {@code 16/B374D848}. Null for anything else. */
    static @Nullable WalPosition of(long timeline, String lsn) {
        int slash = lsn.indexOf('/');
        Long high = slash < 0 ? null : Digits.hex(lsn.substring(0, slash));
        Long low = slash < 0 ? null : Digits.hex(lsn.substring(slash + 1));
        return high == null || low == null || timeline < 1 ? null : new WalPosition(timeline, (high << 32) | low);
    }

    static @Nullable WalPosition parse(String text) {
        int dash = text.indexOf('-');
        Long timeline = dash < 0 ? null : Digits.decimal(text.substring(0, dash));
        Long lsn = dash < 0 ? null : Digits.hex(text.substring(dash + 1));
        return timeline == null || lsn == null || timeline < 1 ? null : new WalPosition(timeline, lsn);
    }

    /**
     * Where the next record will be written is behind the header of its page. Where that is all there is on the page, the last
     * record ends at the page's beginning, and that is what a standby tells.
     */
    WalPosition endOfLastRecord() {
        return Long.remainderUnsigned(lsn, PAGE) == PAGE_HEADER ? new WalPosition(timeline, lsn - PAGE_HEADER) : this;
    }

    @Override
    public boolean isReachedBy(LogPosition replayed) {
        return replayed instanceof WalPosition that
                && that.timeline == timeline
                && Long.compareUnsigned(that.lsn, lsn) >= 0;
    }

    @Override
    public LogPosition and(LogPosition other) {
        boolean isEarlier = other instanceof WalPosition that && that.timeline < timeline;
        return isEarlier || other.isReachedBy(this) ? this : other;
    }

    @Override
    public String text() {
        return LETTER + Long.toString(timeline) + '-' + Long.toHexString(lsn);
    }
}
