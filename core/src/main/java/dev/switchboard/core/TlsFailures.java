package dev.switchboard.core;

import java.security.cert.CertPathBuilderException;
import java.security.cert.CertPathValidatorException;
import java.security.cert.CertificateExpiredException;
import java.security.cert.CertificateNotYetValidException;
import java.util.List;
import java.util.Locale;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/** Recognizes in a driver's error that it is about TLS, and says in one way what Java and each driver say in their own. */
final class TlsFailures {

    private static final int DEEPEST_CAUSE = 16;

    /** Java; Java when the PostgreSQL driver tells it the name by SNI alone; and the MySQL driver, which compares itself. */
    private static final List<String> OTHER_NAME = List.of(
            "no subject alternative",
            "no name matching",
            "hostname or ip address is undefined",
            "could not be verified");
    /** PostgreSQL, MariaDB and MySQL drivers, in this order. */
    private static final List<String> NOT_OFFERED = List.of(
            "server support for ssl connection is disabled", "ssl not enabled in the server", "does not support ssl");
    /** PostgreSQL from version 12 on, MySQL and MariaDB with {@code require_secure_transport}. */
    private static final List<String> DEMANDED =
            List.of("no encryption", "ssl off", "require_secure_transport", "insecure transport are prohibited");

    private TlsFailures() {}

    /** Null where the failure is about something else. */
    static @Nullable TlsFailedException describe(ConnectionDefinition definition, Throwable failure) {
        TlsFailedException found = null;
        Throwable link = failure;
        for (int depth = 0; link != null && depth < DEEPEST_CAUSE; depth++) {
            TlsFailedException said = said(definition, failure, link);
            // The innermost words are the most exact ones.
            found = said == null ? found : said;
            link = link.getCause();
        }
        return found;
    }

    private static @Nullable TlsFailedException said(
            ConnectionDefinition definition, Throwable failure, Throwable link) {
        if (link instanceof CertificateExpiredException || link instanceof CertificateNotYetValidException) {
            return failed(
                    definition,
                    failure,
                    "its certificate has expired or is not valid yet",
                    "Renew the certificate of the server, or set the clock of this machine");
        }
        if (link instanceof CertPathBuilderException || link instanceof CertPathValidatorException) {
            return failed(
                    definition,
                    failure,
                    "its certificate is signed by no authority that is trusted here",
                    "Name the file of the authority that signed it with certificateAuthority(..) of its settings");
        }
        String words = String.valueOf(link.getMessage()).toLowerCase(Locale.ROOT);
        if (says(OTHER_NAME, words)) {
            return failed(
                    definition,
                    failure,
                    "its certificate is for another host name",
                    "Connect by the name that stands in the certificate, or give the server one for this name");
        }
        if (says(NOT_OFFERED, words)) {
            return failed(
                    definition,
                    failure,
                    "it does not offer TLS",
                    "Switch TLS on in the server, or set TlsMode.OFF where everybody on the way may read the data");
        }
        if (says(DEMANDED, words)) {
            return failed(
                    definition,
                    failure,
                    "it does not take this log-in without TLS",
                    "Set tls(TlsMode.VERIFY_FULL); on PostgreSQL, pg_hba.conf says who may log in how");
        }
        return link instanceof SSLException
                ? failed(
                        definition,
                        failure,
                        "the TLS handshake failed",
                        "The cause has the reason in Java's words; compare the TLS versions of both sides")
                : null;
    }

    private static boolean says(List<String> phrases, String words) {
        return phrases.stream().anyMatch(words::contains);
    }

    private static TlsFailedException failed(
            ConnectionDefinition definition, Throwable failure, String found, String next) {
        return new TlsFailedException(definition.name(), definition.where(), found, next, failure);
    }
}
