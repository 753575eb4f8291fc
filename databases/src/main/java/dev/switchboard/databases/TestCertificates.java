package dev.switchboard.databases;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.security.Key;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.util.Base64;
import java.util.List;

/**
 * Certificates for servers with TLS and their clients, as PEM files: made by the JDK's own {@code keytool}, once for each
 * machine and user, since that takes seconds.
 */
public final class TestCertificates {
    /** The host name that a certificate of a server is for, and under which every server of this machine is reached. */
    public static final String SERVER_NAME = "localhost";

    /** A host name that a certificate of a server is for, and under which none is reached. */
    public static final String OTHER_NAME = "db.example";

    /** The name in the certificate of the client. */
    public static final String CLIENT_NAME = "switchboard-test-client";

    private static final String PASSWORD = "changeit";
    private static final List<List<String>> RECIPE = List.of(
            List.of("-alias", "ca", "-dname", "CN=Switchboard test authority", "-ext", "bc:c"),
            List.of("-alias", SERVER_NAME, "-dname", "CN=server", "-ext", "san=dns:" + SERVER_NAME, "-signer", "ca"),
            List.of("-alias", OTHER_NAME, "-dname", "CN=server", "-ext", "san=dns:" + OTHER_NAME, "-signer", "ca"),
            List.of("-alias", "client", "-dname", "CN=" + CLIENT_NAME, "-signer", "ca"),
            List.of("-alias", "other", "-dname", "CN=Another test authority", "-ext", "bc:c"));

    private final Path folder;

    private TestCertificates(Path folder) {
        this.folder = folder;
    }

    /**
     * The certificates of this machine and user, made when they are first asked for.
     *
     * @return always the same files
     */
    public static TestCertificates ofThisMachine() {
        try {
            MachineFolder machine = MachineFolder.ofThisUser();
            String name = "certificates-" + Integer.toHexString(RECIPE.hashCode());
            return new TestCertificates(machine.once(name, TestCertificates::make));
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }

    /**
     * The authority that signed the certificates of the servers and of the client.
     *
     * @return a PEM file
     */
    public Path authority() {
        return folder.resolve("ca.pem");
    }

    /**
     * Another authority, which signed none of them.
     *
     * @return a PEM file
     */
    public Path otherAuthority() {
        return folder.resolve("other.pem");
    }

    /**
     * A certificate of a client, signed by {@link #authority()}.
     *
     * @return a PEM file
     */
    public Path clientCertificate() {
        return folder.resolve("client.pem");
    }

    /**
     * The private key of {@link #clientCertificate()}, without a password.
     *
     * @return a PEM file
     */
    public Path clientKey() {
        return folder.resolve("client-key.pem");
    }

    /** The settings of a server that shows a certificate for one of the two host names. */
    List<String> settings(Product product, String hostName) {
        Path certificate = folder.resolve(hostName + ".pem");
        Path key = folder.resolve(hostName + "-key.pem");
        return switch (product) {
            case POSTGRESQL ->
                List.of("ssl=on", "ssl_cert_file=" + certificate, "ssl_key_file=" + key, "ssl_ca_file=" + authority());
            case MYSQL, MARIADB -> List.of("ssl", "ssl-cert=" + certificate, "ssl-key=" + key, "ssl-ca=" + authority());
            case SQLITE, H2 ->
                throw new IllegalArgumentException(
                        product.productName() + " has no server; allowed are PostgreSQL, MySQL and MariaDB");
        };
    }

    private static void make(Path folder) throws IOException {
        Path store = folder.resolve("all.p12");
        Program keytool = new Program(List.of(System.getProperty("java.home") + "/bin/keytool"))
                .with("-genkeypair", "-keyalg", "RSA", "-keysize", "2048", "-validity", "36500")
                .with("-keystore", store.toString(), "-storetype", "PKCS12", "-storepass", PASSWORD);
        for (List<String> certificate : RECIPE) {
            keytool.with(certificate.toArray(String[]::new)).run("");
        }
        try (InputStream stored = Files.newInputStream(store)) {
            KeyStore keys = KeyStore.getInstance("PKCS12");
            keys.load(stored, PASSWORD.toCharArray());
            for (List<String> certificate : RECIPE) {
                write(keys, certificate.get(1), folder);
            }
        } catch (GeneralSecurityException failure) {
            throw new IOException("keytool wrote a key store that cannot be read", failure);
        }
        // PostgreSQL wants its key to belong to the user that it runs as.
        for (String hostName : List.of(SERVER_NAME, OTHER_NAME)) {
            SystemUser.handOver(folder.resolve(hostName + "-key.pem"), SystemUser.prefixForPlainUser());
        }
    }

    private static void write(KeyStore keys, String alias, Path folder) throws GeneralSecurityException, IOException {
        Certificate certificate = keys.getCertificate(alias);
        Key key = keys.getKey(alias, PASSWORD.toCharArray());
        Files.writeString(folder.resolve(alias + ".pem"), pem("CERTIFICATE", certificate.getEncoded()));
        Path keyFile = folder.resolve(alias + "-key.pem");
        Files.writeString(keyFile, pem("PRIVATE KEY", key.getEncoded()));
        Files.setPosixFilePermissions(keyFile, PosixFilePermissions.fromString("rw-------"));
    }

    private static String pem(String what, byte[] encoded) {
        Base64.Encoder lines = Base64.getMimeEncoder(64, "\n".getBytes(StandardCharsets.US_ASCII));
        return "-----BEGIN " + what + "-----\n" + lines.encodeToString(encoded) + "\n-----END " + what + "-----\n";
    }
}
