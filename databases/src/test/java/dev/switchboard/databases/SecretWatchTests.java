package dev.switchboard.databases;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.LoggingEvent;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class SecretWatchTests {

    /** Never started, or the passwords that are planted here would be noted. */
    private final SecretWatch watch = new SecretWatch();

    private final Logger logger = new LoggerContext().getLogger("dev.switchboard.test");

    @Test
    void aPasswordInALineIsFound() {
        watch.append(event("connects as {}", Account.PASSWORD, null));
        watch.append(event("connects as {}", Account.USER, null));
        assertThat(watch.found()).containsExactly("dev.switchboard.test: connects as " + Account.PASSWORD);
    }

    @Test
    void aPasswordInTheCauseOfALoggedErrorIsFound() {
        Exception cause = new IllegalStateException("refused " + Account.PASSWORD);
        watch.append(event("failed {}", "quietly", new IllegalStateException("outer", cause)));
        assertThat(watch.found()).singleElement().asString().contains("refused " + Account.PASSWORD);
    }

    @Test
    void thePasswordOfTheTestServersIsWatched() {
        assertThat(SecretWatch.MARKS).anyMatch(Account.PASSWORD::contains);
    }

    private LoggingEvent event(String text, String argument, @Nullable Throwable error) {
        return new LoggingEvent("caller", logger, Level.INFO, text, error, new Object[] {argument});
    }
}
