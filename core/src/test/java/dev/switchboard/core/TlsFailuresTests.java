package dev.switchboard.core;

import static org.assertj.core.api.Assertions.assertThat;

import io.r2dbc.spi.R2dbcNonTransientResourceException;
import java.security.cert.CertPathValidatorException;
import java.security.cert.CertificateExpiredException;
import java.security.cert.CertificateNotYetValidException;
import java.util.stream.Stream;
import javax.net.ssl.SSLHandshakeException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What Java says about TLS that no server of these tests can be made to cause. */
class TlsFailuresTests {

    private static final ConnectionDefinition ORDERS = ConnectionDefinition.of("orders", "r2dbc:mysql://u@db:3307/x");

    private static Exception inside(Exception cause) {
        return new R2dbcNonTransientResourceException(
                "no connection", new SSLHandshakeException("failed").initCause(cause));
    }

    static Stream<Exception> outOfDate() {
        CertPathValidatorException path =
                new CertPathValidatorException("validity check failed", new CertificateExpiredException("NotAfter"));
        return Stream.of(inside(path), inside(new CertificateNotYetValidException("NotBefore")));
    }

    @ParameterizedTest
    @MethodSource("outOfDate")
    void aCertificateThatHasExpiredOrIsNotValidYet(Exception failure) {
        assertThat(TlsFailures.describe(ORDERS, failure))
                .hasMessage(
                        "Connection 'orders': no connection to db:3307, since its certificate has expired or is not valid"
                                + " yet. Renew the certificate of the server, or set the clock of this machine.")
                .hasCause(failure);
    }

    @Test
    void anyOtherHandshakeThatFailed() {
        Exception failure = new R2dbcNonTransientResourceException(
                "no connection", new SSLHandshakeException("Received fatal alert: handshake_failure"));
        assertThat(TlsFailures.describe(ORDERS, failure))
                .hasMessage(
                        "Connection 'orders': no connection to db:3307, since the TLS handshake failed. The cause has the"
                                + " reason in Java's words; compare the TLS versions of both sides.")
                .hasCause(failure);
        assertThat(TlsFailures.describe(ORDERS, new IllegalStateException("no connection")))
                .isNull();
    }
}
