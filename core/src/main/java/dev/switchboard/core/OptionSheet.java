package dev.switchboard.core;

import io.r2dbc.spi.ConnectionFactoryOptions;
import io.r2dbc.spi.ConnectionFactoryProvider;
import io.r2dbc.spi.Option;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The options that a driver reads. Those of the versions that we have measured stand here; the driver at hand adds what it
 * declares itself (drivers declare their options as constants of their provider), so that a newer version needs no new sheet.
 *
 * @param options what it reads beside the options of R2DBC itself
 * @param ignored options of R2DBC that it passes over in silence
 */
record OptionSheet(Set<String> options, Set<String> ignored) {

    private static final OptionSheet POSTGRESQL = sheet("""
            applicationName autodetectExtensions compatibilityMode currentSchema errorResponseLogLevel extensions fetchSize
            forceBinary hostRecheckTime loadBalanceHosts loopResources noticeLogLevel options preferAttachedBuffers
            preparedStatementCacheQueries schema socket sslCert sslContextBuilderCustomizer sslHostnameVerifier sslKey
            sslMode sslNegotiation sslPassword sslRootCert sslSni sslmode sslnegotiation targetServerType tcpKeepAlive
            tcpNoDelay timeZone""");

    private static final OptionSheet MYSQL = sheet("""
            allowLoadLocalInfileInPath autodetectExtensions compressionAlgorithms connectionTimeZone
            createDatabaseIfNotExist forceConnectionTimeZoneToSession localInfileBufferSize loopResources metrics
            passwordPublisher prepareCacheSize preserveInstants queryCacheSize resolver serverRSAPublicKeyFile
            serverZoneId sessionVariables sslCa sslCert sslContextBuilderCustomizer sslHostnameVerifier sslKey
            sslKeyPassword sslMode tcpKeepAlive tcpNoDelay tinyInt1isBit tlsVersion unixSocket useServerPrepareStatement
            zeroDate zstdCompressionLevel""");

    private static final OptionSheet MARIADB = sheet("""
            allowMultiQueries allowPipelining allowPublicKeyRetrieval autocommit cachingRsaPublicKey clientSslCert
            clientSslKey clientSslPassword collation connectionAttributes fallbackToSystemKeyStore
            fallbackToSystemTrustStore haMode isolationLevel loopResources pamOtherPwd permitRedirect prepareCacheSize
            restrictedAuth rsaPublicKey serverSslCert sessionVariables skipPostCommands socket
            sslContextBuilderCustomizer sslMode sslTunnelDisableHostVerification tcpAbortiveClose tcpKeepAlive timezone
            tinyInt1isBit tlsProtocol transactionReplay useServerPrepStmts""", "lockWaitTimeout", "statementTimeout");

    private static final OptionSheet SQLITE = sheet("""
            attach baseDirectory cache create decimals fetchSize foreignKeys immutable journalMode maxThreads mode ownerOnly
            queryOnly readOnly scheduler statementCacheSize synchronous times transactionMode vfs""", "ssl");

    private static final OptionSheet DUCKDB =
            sheet("fetchSize maxThreads statementCacheSize", "lockWaitTimeout", "password", "ssl", "user");

    private static final OptionSheet JDBC =
            sheet("fetchSize jdbcUrl maxThreads statementCacheSize", "lockWaitTimeout", "ssl");

    /** Settings of the database in {@code options}; the driver takes some of them as options of their own, in two cases. */
    private static final OptionSheet H2 = sheet("""
            options url FILE_LOCK IFEXISTS DB_CLOSE_DELAY DB_CLOSE_ON_EXIT INIT TRACE_LEVEL_FILE TRACE_MAX_FILE_SIZE
            TRACE_LEVEL_SYSTEM_OUT LOG IGNORE_UNKNOWN_SETTINGS ACCESS_MODE_DATA MODE AUTO_SERVER AUTO_SERVER_PORT
            PAGE_SIZE MULTI_THREADED CACHE_TYPE PASSWORD_HASH file_lock ifexists db_close_delay db_close_on_exit init
            trace_level_file trace_max_file_size trace_level_system_out log ignore_unknown_settings access_mode_data mode
            auto_server auto_server_port page_size multi_threaded cache_type password_hash""", "lockWaitTimeout", "statementTimeout", "ssl");

    private static final OptionSheet SQL_SERVER = sheet("""
            applicationName connectionId connectionProvider hostNameInCertificate preferCursoredExecution
            sendStringParametersAsUnicode sslContextBuilderCustomizer sslTunnel tcpKeepAlive tcpNoDelay
            trustServerCertificate trustStore trustStorePassword trustStoreType""", "statementTimeout");

    private static final OptionSheet ORACLE = sheet("""
            TNS_ADMIN com.sun.jndi.ldap.connect.timeout com.sun.jndi.ldap.read.timeout defaultRowPrefetch
            javax.net.ssl.keyStore javax.net.ssl.keyStorePassword javax.net.ssl.keyStoreType javax.net.ssl.trustStore
            javax.net.ssl.trustStorePassword javax.net.ssl.trustStoreType oracle.jdbc.defaultLobPrefetchSize
            oracle.jdbc.enableQueryResultCache oracle.jdbc.fanEnabled oracle.jdbc.implicitStatementCacheSize
            oracle.jdbc.proxyClientName oracle.jdbc.timezoneAsRegion oracle.net.KerberosJaasLoginModule
            oracle.net.KerberosRealm oracle.net.authentication_services oracle.net.crypto_checksum_client
            oracle.net.crypto_checksum_types_client oracle.net.disableOob oracle.net.encryption_client
            oracle.net.encryption_types_client oracle.net.kerberos5_cc_name oracle.net.kerberos5_mutual_authentication
            oracle.net.ldap.security.authentication oracle.net.ldap.security.credentials
            oracle.net.ldap.security.principal oracle.net.ldap.ssl.keyManagerFactory.algorithm
            oracle.net.ldap.ssl.keyStore oracle.net.ldap.ssl.keyStorePassword oracle.net.ldap.ssl.keyStoreType
            oracle.net.ldap.ssl.ssl_context_protocol oracle.net.ldap.ssl.supportedCiphers
            oracle.net.ldap.ssl.supportedVersions oracle.net.ldap.ssl.trustManagerFactory.algorithm
            oracle.net.ldap.ssl.trustStore oracle.net.ldap.ssl.trustStorePassword oracle.net.ldap.ssl.trustStoreType
            oracle.net.ldap.ssl.walletLocation oracle.net.ldap.ssl.walletPassword oracle.net.ssl_certificate_alias
            oracle.net.ssl_cipher_suites oracle.net.ssl_context_protocol oracle.net.ssl_server_cert_dn
            oracle.net.ssl_server_dn_match oracle.net.ssl_version oracle.net.tns_admin oracle.net.wallet_location
            oracle.net.wallet_password oracle.r2dbc.descriptor oracle.r2dbc.executor ssl.keyManagerFactory.algorithm
            ssl.trustManagerFactory.algorithm v$session.machine v$session.osuser v$session.process v$session.program
            v$session.terminal""", "lockWaitTimeout");

    private static final Map<String, OptionSheet> SHEETS = Map.ofEntries(
            Map.entry("postgresql", POSTGRESQL),
            Map.entry("postgres", POSTGRESQL),
            Map.entry("mysql", MYSQL),
            Map.entry("mariadb", MARIADB),
            Map.entry("sqlite", SQLITE),
            Map.entry("duckdb", DUCKDB),
            Map.entry("jdbc", JDBC),
            Map.entry("h2", H2),
            Map.entry("sqlserver", SQL_SERVER),
            Map.entry("mssql", SQL_SERVER),
            Map.entry("oracle", ORACLE));

    /** The sheet of a driver, or null for one that nobody has measured. */
    static @Nullable OptionSheet of(String driver) {
        return SHEETS.get(driver);
    }

    private static OptionSheet sheet(String options, String... ignored) {
        return new OptionSheet(Set.of(options.split("\\s+")), Set.of(ignored));
    }

    /** Every name that the driver reads, in alphabetical order. */
    Set<String> known(ConnectionFactoryProvider provider) {
        Set<String> known = new TreeSet<>(options);
        known.addAll(constantsOf(provider.getClass()));
        known.addAll(constantsOf(ConnectionFactoryOptions.class));
        return known;
    }

    static List<String> constantsOf(Class<?> declaring) {
        return Stream.of(declaring.getFields())
                .filter(field -> Modifier.isStatic(field.getModifiers()) && field.getType() == Option.class)
                .map(OptionSheet::nameOf)
                .toList();
    }

    private static String nameOf(Field constant) {
        try {
            return ((Option<?>) constant.get(null)).name();
        } catch (IllegalAccessException notPublic) {
            throw new IllegalStateException("The driver hides its option " + constant, notPublic);
        }
    }
}
