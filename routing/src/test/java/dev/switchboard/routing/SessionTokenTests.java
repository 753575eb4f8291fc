package dev.switchboard.routing;

import static org.assertj.core.api.Assertions.assertThat;

import dev.switchboard.databases.TestSize;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

/** A token never asks for less than what its writers have heard the end of, whoever writes beside them. */
@Tag("once")
class SessionTokenTests {

    private static final int ROUNDS = TestSize.of(5_000, 500_000);
    private static final Duration PATIENCE = Duration.ofMinutes(2);

    private final SessionToken token = SessionToken.create();
    private final AtomicLong log = new AtomicLong(1);
    private final AtomicInteger held = new AtomicInteger();

    private static boolean covers(SessionToken.Need need, long lsn) {
        return need.primary() || (need.position() instanceof WalPosition position && position.lsn() >= lsn);
    }

    /** One write as a connection does it: announced, done, asked for, told. */
    private boolean write(int round) {
        token.writing("orders");
        long mine = log.incrementAndGet();
        boolean sawItAtOnce = token.need("orders").primary();
        if (round % 7 == 0) {
            token.lost("orders", true);
        } else {
            long asked = token.asking();
            long position = log.get();
            token.recorded("orders", new WalPosition(1, position), asked, true);
        }
        SessionToken.Need need = token.need("orders");
        held.addAndGet(need.primary() ? 1 : 0);
        return sawItAtOnce && covers(need, mine);
    }

    @Test
    void writersBesideEachOtherNeverLoseAWrite() {
        Mono<Boolean> all = Flux.range(0, 4)
                .flatMap(writer -> Flux.range(1, ROUNDS)
                        .map(this::write)
                        .all(Boolean::booleanValue)
                        .subscribeOn(Schedulers.boundedElastic()))
                .all(Boolean::booleanValue);
        assertThat(all.block(PATIENCE)).isTrue();
        write(1);
        assertThat(token.need("orders")).isEqualTo(new SessionToken.Need(false, new WalPosition(1, log.get())));
    }

    @Test
    void whatWasLostIsBehindWhateverIsAskedForAfterwardsAndNotBefore() {
        token.writing("orders");
        long before = token.asking();
        token.writing("orders");
        token.lost("orders", true);
        token.recorded("orders", new WalPosition(1, 5), before, true);
        assertThat(token.need("orders")).isEqualTo(SessionToken.Need.PRIMARY);
        token.recorded("orders", new WalPosition(1, 6), token.asking(), false);
        assertThat(token.need("orders")).isEqualTo(new SessionToken.Need(false, new WalPosition(1, 6)));
    }

    @Test
    void itOnlyMovesForward() {
        token.recorded("orders", new WalPosition(1, 9), token.asking(), false);
        token.recorded("orders", new WalPosition(1, 5), token.asking(), false);
        assertThat(token.need("orders").position()).isEqualTo(new WalPosition(1, 9));
        token.recorded("orders", new WalPosition(2, 3), token.asking(), false);
        token.recorded("orders", new WalPosition(1, 99), token.asking(), false);
        assertThat(token.need("orders").position()).isEqualTo(new WalPosition(2, 3));
    }

    @Test
    void namesAreToldApartUntilThereAreTooMany() {
        for (int i = 0; i < SessionToken.MOST_NAMES; i++) {
            token.recorded("shard" + i, new WalPosition(1, i), token.asking(), false);
        }
        assertThat(token.need("other")).isEqualTo(SessionToken.Need.NOTHING);
        token.writing("one too many");
        assertThat(token.need("other")).isEqualTo(SessionToken.Need.PRIMARY);
        assertThat(token.need("shard7").position()).isEqualTo(new WalPosition(1, 7));
    }
}
