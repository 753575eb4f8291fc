package dev.switchboard.core;

/** What every product calls by a name of its own; {@link SettingsTable} has the names. */
enum Setting {
    APPLICATION_NAME("applicationName", "an application name"),
    TLS("tls", "TLS"),
    CERTIFICATE_AUTHORITY("certificateAuthority", "a certificate authority in a PEM file"),
    CLIENT_CERTIFICATE("clientCertificate", "a client certificate in a PEM file"),
    CLIENT_KEY("clientCertificate", "the key of a client certificate in a PEM file"),
    CHARSET("charset", "a character set"),
    TIME_ZONE("timeZone", "a time zone of the session"),
    STATEMENT_TIMEOUT("statementTimeout", "a statement time-out of the session"),
    LOCK_TIMEOUT("lockTimeout", "a lock time-out of the session"),
    SID("sid", "a SID");

    private final String knob;
    private final String words;

    Setting(String knob, String words) {
        this.knob = knob;
        this.words = words;
    }

    /** As the builder of the settings calls it. */
    String knob() {
        return knob;
    }

    String words() {
        return words;
    }
}
