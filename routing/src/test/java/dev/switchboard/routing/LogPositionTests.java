package dev.switchboard.routing;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Places in the logs of the products: what reaches what, and what is no place. */
@Tag("once")
class LogPositionTests {

    private static final String ONE = "3e11fa47-71ca-11e1-9e33-c80aa9429562";
    private static final String TWO = "4e11fa47-71ca-11e1-9e33-c80aa9429562";

    private static LogPosition wal(long timeline, String lsn) {
        return Objects.requireNonNull(WalPosition.of(timeline, lsn));
    }

    private static LogPosition gtids(String text) {
        return Objects.requireNonNull(GtidSet.parse(text));
    }

    private static LogPosition mariadb(String text) {
        return Objects.requireNonNull(MariadbPosition.of(text));
    }

    private static boolean reaches(@Nullable LogPosition replayed, LogPosition written) {
        return replayed != null && written.isReachedBy(replayed);
    }

    @Test
    void aLogIsReadInItsOrderAndWithoutSigns() {
        assertThat(reaches(wal(1, "0/16B3748"), wal(1, "0/16B3748"))).isTrue();
        assertThat(reaches(wal(1, "0/16B3747"), wal(1, "0/16B3748"))).isFalse();
        assertThat(reaches(wal(1, "1/0"), wal(1, "0/FFFFFFFF"))).isTrue();
        assertThat(reaches(wal(1, "FFFFFFFF/0"), wal(1, "7FFFFFFF/0"))).isTrue();
    }

    @Test
    void timelinesAreNeverCompared() {
        assertThat(reaches(wal(2, "9/0"), wal(1, "1/0"))).isFalse();
        assertThat(reaches(wal(1, "9/0"), wal(2, "1/0"))).isFalse();
        assertThat(wal(1, "9/0").and(wal(2, "1/0"))).isEqualTo(wal(2, "1/0"));
        assertThat(wal(2, "1/0").and(wal(1, "9/0"))).isEqualTo(wal(2, "1/0"));
        assertThat(wal(2, "1/0").and(wal(2, "0/9"))).isEqualTo(wal(2, "1/0"));
    }

    @Test
    void aPageThatHasOnlyItsHeaderEndsWhereItBegins() {
        assertThat(((WalPosition) wal(1, "0/2018")).endOfLastRecord()).isEqualTo(wal(1, "0/2000"));
        assertThat(((WalPosition) wal(1, "0/2020")).endOfLastRecord()).isEqualTo(wal(1, "0/2020"));
        assertThat(((WalPosition) wal(1, "0/1018")).endOfLastRecord()).isEqualTo(wal(1, "0/1018"));
    }

    @Test
    void aSetOfTransactionsHasGapsThatCount() {
        assertThat(reaches(gtids(ONE + ":1-7"), gtids(ONE + ":1-5:7"))).isTrue();
        assertThat(reaches(gtids(ONE + ":1-5:7"), gtids(ONE + ":1-7"))).isFalse();
        assertThat(reaches(gtids(ONE + ":1-9"), gtids(ONE + ":1-5,\n" + TWO + ":1")))
                .isFalse();
        assertThat(gtids(ONE + ":1-3").and(gtids(ONE + ":4-6,\n" + TWO + ":1")))
                .isEqualTo(gtids(ONE + ":1-6," + TWO + ":1"));
        assertThat(gtids(ONE.toUpperCase(Locale.ROOT) + ":1")).isEqualTo(gtids(ONE + ":1"));
    }

    @Test
    void aTagIsASourceOfItsOwn() {
        LogPosition tagged = gtids(ONE + ":1-3:nightly:1-2");
        assertThat(reaches(gtids(ONE + ":1-9"), tagged)).isFalse();
        assertThat(reaches(gtids(ONE + ":1-9:nightly:1-5"), tagged)).isTrue();
        assertThat(LogPosition.parse(tagged.text())).isEqualTo(tagged);
    }

    @Test
    void aDomainCountsForItself() {
        assertThat(reaches(mariadb("0-2-100,1-1-5"), mariadb("0-1-100"))).isTrue();
        assertThat(reaches(mariadb("0-1-100"), mariadb("0-1-100,1-1-5"))).isFalse();
        assertThat(mariadb("0-1-100,1-1-5").and(mariadb("0-1-7,2-1-1")))
                .isEqualTo(new MariadbPosition(Map.of(0L, 100L, 1L, 5L, 2L, 1L)));
    }

    @Test
    void placesOfDifferentKindsNeverReachEachOther() {
        LogPosition[] all = {wal(1, "0/1"), gtids(ONE + ":1"), mariadb("0-1-1"), new WrittenAt(5)};
        for (LogPosition one : all) {
            assertThat(LogPosition.parse(one.text())).isEqualTo(one);
            for (LogPosition two : all) {
                assertThat(one.isReachedBy(two)).isEqualTo(one == two);
                assertThat(one.and(two)).as("the one that came last").isEqualTo(two);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "w",
                "x1",
                "w0-1",
                "w1-",
                "w1-g",
                "w1-11112222333344445",
                "w-1-1",
                "m",
                "mnot-a-uuid:1",
                "m3e11fa47-71ca-11e1-9e33-c80aa9429562",
                "m3e11fa47-71ca-11e1-9e33-c80aa9429562:5-1",
                "m3e11fa47-71ca-11e1-9e33-c80aa9429562:1-99999999999999999999",
                "a",
                "a1",
                "a1_",
                "a1_2,",
                "a+1_2",
                "t",
                "t-5",
                "t\u0661",
                "t99999999999999999999"
            })
    void whatIsNoPlaceIsNone(String text) {
        assertThat(LogPosition.parse(text)).isNull();
    }

    @Test
    void tooMuchIsNotCarriedAround() {
        StringBuilder gaps = new StringBuilder(ONE);
        for (int i = 0; i < 300; i++) {
            gaps.append(':').append(2 * i + 1);
        }
        assertThat(GtidSet.parse(gaps.toString())).isNull();
        assertThat(ServerState.mysql(true, gaps.toString(), "ON").unreadable()).isTrue();
        StringBuilder domains = new StringBuilder("0-1-1");
        for (int i = 1; i < 100; i++) {
            domains.append(',').append(i).append("-1-1");
        }
        assertThat(MariadbPosition.of(domains.toString())).isNull();
        assertThat(ServerState.mariadb(true, domains.toString()).unreadable()).isTrue();
    }

    @Test
    void aServerThatGivesNoNumbersHasNoPlaceAndHidesNone() {
        assertThat(ServerState.mysql(true, ONE + ":1-7", "ON_PERMISSIVE").position())
                .isEqualTo(gtids(ONE + ":1-7"));
        for (String off : List.of("OFF", "OFF_PERMISSIVE")) {
            assertThat(ServerState.mysql(true, ONE + ":1-7", off)).isEqualTo(new ServerState(true, false, null));
        }
        assertThat(ServerState.mysql(true, "", "ON").unreadable()).isFalse();
        assertThat(ServerState.mariadb(true, "").unreadable()).isFalse();
    }
}
