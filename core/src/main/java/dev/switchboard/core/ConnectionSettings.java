package dev.switchboard.core;

import java.nio.charset.Charset;
import java.nio.file.Path;
import java.time.Duration;
import java.time.ZoneId;
import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What a connection asks of its server in the same words for every product; each driver gets it under its own names. Nothing
 * is set unless it was set here, so that settings can be laid {@linkplain #over over} others. A setting that a driver or
 * product does not have is refused when the connection opens, with an {@link UnsupportedFeatureException}.
 *
 * <p>Immutable and compared by value. Holds no secret: files are named here and read by the driver.
 */
public final class ConnectionSettings {

    private static final Duration SHORTEST_TIMEOUT = Duration.ofMillis(1);
    private static final Duration LONGEST_TIMEOUT = Duration.ofHours(24);
    private static final Pattern APPLICATION_NAME = Pattern.compile("[ -~]{1,63}");
    private static final Pattern SID = Pattern.compile("[A-Za-z0-9_$#]{1,64}");

    private static final ConnectionSettings NONE = new Builder().build();

    private final Map<Setting, Object> values;

    private ConnectionSettings(Map<Setting, Object> values) {
        this.values = values;
    }

    /** {@return settings of which none is set; always the same instance} */
    public static ConnectionSettings none() {
        return NONE;
    }

    /** {@return a builder with nothing set} */
    public static Builder builder() {
        return new Builder();
    }

    /** {@return a builder that starts from these settings} */
    public Builder mutate() {
        Builder builder = new Builder();
        builder.values.putAll(values);
        return builder;
    }

    /**
     * These settings, completed by others where they set nothing.
     *
     * @param defaults what holds where these say nothing
     * @return the completed settings
     */
    public ConnectionSettings over(ConnectionSettings defaults) {
        if (values.isEmpty() || defaults.values.isEmpty()) {
            return values.isEmpty() ? defaults : this;
        }
        Builder completed = defaults.mutate();
        completed.values.putAll(values);
        return completed.build();
    }

    /** {@return the name that the server shows for the session, or null} */
    public @Nullable String applicationName() {
        return value(Setting.APPLICATION_NAME, String.class);
    }

    /** {@return whether the way to the server is encrypted, or null for what the driver does unasked} */
    public @Nullable TlsMode tls() {
        return value(Setting.TLS, TlsMode.class);
    }

    /** {@return the PEM file of the authority that signs the server's certificate, or null for those that Java trusts} */
    public @Nullable Path certificateAuthority() {
        return value(Setting.CERTIFICATE_AUTHORITY, Path.class);
    }

    /** {@return the PEM file of the certificate that this client shows, or null} */
    public @Nullable Path clientCertificate() {
        return value(Setting.CLIENT_CERTIFICATE, Path.class);
    }

    /** {@return the PEM file of the private key of {@link #clientCertificate()}, or null} */
    public @Nullable Path clientKey() {
        return value(Setting.CLIENT_KEY, Path.class);
    }

    /** {@return the character set in which text travels, or null} */
    public @Nullable Charset charset() {
        return value(Setting.CHARSET, Charset.class);
    }

    /** {@return the time zone of the session, or null for UTC on MySQL and MariaDB and for the product's own elsewhere} */
    public @Nullable ZoneId timeZone() {
        return value(Setting.TIME_ZONE, ZoneId.class);
    }

    /** {@return how long the server lets a statement run, or null} */
    public @Nullable Duration statementTimeout() {
        return value(Setting.STATEMENT_TIMEOUT, Duration.class);
    }

    /** {@return how long the server lets a statement wait for a lock, or null} */
    public @Nullable Duration lockTimeout() {
        return value(Setting.LOCK_TIMEOUT, Duration.class);
    }

    /** {@return the SID of an Oracle database, or null} */
    public @Nullable String sid() {
        return value(Setting.SID, String.class);
    }

    Map<Setting, Object> values() {
        return values;
    }

    private <T> @Nullable T value(Setting setting, Class<T> type) {
        Object value = values.get(setting);
        return value == null ? null : type.cast(value);
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof ConnectionSettings that && values.equals(that.values);
    }

    @Override
    public int hashCode() {
        return values.hashCode();
    }

    @Override
    public String toString() {
        return "ConnectionSettings" + values;
    }

    /** Collects settings; what is wrong is refused by {@link #build()}. Not safe for use by several threads. */
    public static final class Builder {

        private final Map<Setting, Object> values = new EnumMap<>(Setting.class);

        private Builder() {}

        /**
         * The name that the server shows for the session. PostgreSQL, MariaDB, SQL Server and Oracle have one.
         *
         * @param applicationName 1 to 63 printable ASCII characters, since servers cut or replace others
         * @return this builder
         */
        public Builder applicationName(String applicationName) {
            return set(Setting.APPLICATION_NAME, applicationName);
        }

        /**
         * Whether the way to the server is encrypted. With {@link TlsMode#OFF} the files of certificates are not looked at.
         *
         * @param tls the mode
         * @return this builder
         */
        public Builder tls(TlsMode tls) {
            return set(Setting.TLS, tls);
        }

        /**
         * The authority that signs the server's certificate; needs {@link TlsMode#VERIFY_FULL}. Without one, those count that
         * this Java installation trusts.
         *
         * @param pemFile a file with one or more certificates; a relative path is resolved now
         * @return this builder
         */
        public Builder certificateAuthority(Path pemFile) {
            return set(Setting.CERTIFICATE_AUTHORITY, resolved(pemFile));
        }

        /**
         * The certificate that this client shows to the server; needs TLS. A key with a password takes the driver's own
         * option for that password too.
         *
         * @param certificate a PEM file; a relative path is resolved now
         * @param key the PEM file (PKCS #8) of its private key
         * @return this builder
         */
        public Builder clientCertificate(Path certificate, Path key) {
            return set(Setting.CLIENT_CERTIFICATE, resolved(certificate)).set(Setting.CLIENT_KEY, resolved(key));
        }

        /**
         * The character set in which text travels. Most drivers speak UTF-8 and nothing else, so this mainly refuses to
         * connect where text would be changed on its way.
         *
         * @param charset the character set
         * @return this builder
         */
        public Builder charset(Charset charset) {
            return set(Setting.CHARSET, charset);
        }

        /**
         * The time zone of the session: what {@code CURRENT_DATE} and a time without a zone mean there. A point in time, as
         * {@link java.time.Instant}, stays the same point whatever this is; where a driver could not keep that promise, the
         * zone is refused.
         *
         * @param timeZone the zone
         * @return this builder
         */
        public Builder timeZone(ZoneId timeZone) {
            return set(Setting.TIME_ZONE, timeZone);
        }

        /**
         * How long the server lets a statement run before it ends it. MySQL counts it for {@code SELECT} only.
         *
         * @param statementTimeout 1 ms to 24 hours
         * @return this builder
         */
        public Builder statementTimeout(Duration statementTimeout) {
            return set(Setting.STATEMENT_TIMEOUT, statementTimeout);
        }

        /**
         * How long the server lets a statement wait for a lock before it fails.
         *
         * @param lockTimeout 1 ms to 24 hours; whole seconds on MySQL and MariaDB
         * @return this builder
         */
        public Builder lockTimeout(Duration lockTimeout) {
            return set(Setting.LOCK_TIMEOUT, lockTimeout);
        }

        /**
         * The SID of an Oracle database, in place of a service name, which is the database of the definition.
         *
         * @param sid letters, digits, {@code _}, {@code $} and {@code #}
         * @return this builder
         */
        public Builder sid(String sid) {
            return set(Setting.SID, sid);
        }

        /**
         * Checks the settings.
         *
         * @return the settings
         * @throws InvalidDefinitionException if one of them cannot be used on any product
         */
        public ConnectionSettings build() {
            refuseUnless(Setting.APPLICATION_NAME, APPLICATION_NAME, "1 to 63 printable ASCII characters");
            refuseUnless(Setting.SID, SID, "1 to 64 letters, digits, '_', '$' and '#'");
            refuseOutside(Setting.STATEMENT_TIMEOUT);
            refuseOutside(Setting.LOCK_TIMEOUT);
            return new ConnectionSettings(new EnumMap<>(values));
        }

        /** One of them alone, for those who hear of certificate and key in two steps. */
        Builder set(Setting setting, Object value) {
            values.put(setting, Objects.requireNonNull(value, setting.knob()));
            return this;
        }

        private static Path resolved(Path file) {
            return file.toAbsolutePath().normalize();
        }

        private void refuseUnless(Setting setting, Pattern pattern, String allowed) {
            Object value = values.get(setting);
            if (value != null && !pattern.matcher(value.toString()).matches()) {
                throw new InvalidDefinitionException(
                        null,
                        setting.knob() + " is " + ErrorText.quoted(value.toString()),
                        allowed,
                        "Correct " + setting.knob());
            }
        }

        private void refuseOutside(Setting setting) {
            if (values.get(setting) instanceof Duration timeout) {
                Limits.between(setting.knob(), timeout, SHORTEST_TIMEOUT, LONGEST_TIMEOUT);
            }
        }
    }
}
