package dev.switchboard.core;

/** Whether the way to the server is encrypted, and how the server proves who it is. There is no mode that tries and gives up. */
public enum TlsMode {
    /** Plain text, also where the server offers TLS: whoever listens on the way reads the data. */
    OFF,
    /** Always encrypted, but the server proves nothing: whoever can get between both reads and changes the data. */
    REQUIRED,
    /** Always encrypted; the certificate must be signed by a trusted authority and be for the host name of the definition. */
    VERIFY_FULL
}
