package dev.switchboard.databases;

import java.util.List;
import reactor.blockhound.BlockHound;
import reactor.blockhound.integration.BlockHoundIntegration;

/**
 * What the drivers and virtual time themselves do on event loops, once per JVM or from memory: nothing that Switchboard
 * could move elsewhere. Every entry names the method inside of which the call is tolerated, so ours are still found.
 */
public final class BlockingInDrivers implements BlockHoundIntegration {

    private static final List<String> MARIADB_COMMANDS = List.of(
            "executeWhenTransaction",
            "executeWhenNotInTransaction",
            "setAutoCommit",
            "sendCommandWithoutResult",
            "lambda$sendCommand$0",
            "lambda$sendCommand$2");

    private static final List<String> VIRTUAL_TIME_QUEUE = List.of("offer", "remove", "poll", "peek", "size", "clear");

    @Override
    public void applyTo(BlockHound.Builder builder) {
        // The kernel's random source answers at once; the JDK reads it as a file.
        builder.allowBlockingCallsInside("java.security.SecureRandom", "nextBytes");
        builder.allowBlockingCallsInside("java.security.SecureRandom", "generateSeed");
        // Netty's allocator guards the end of a magazine with a lock that is held for moments.
        builder.allowBlockingCallsInside("io.netty.buffer.AdaptivePoolingAllocator$Magazine", "free");
        // Virtual time keeps its tasks in a queue that is guarded by a lock held for a few instructions.
        for (String guarded : VIRTUAL_TIME_QUEUE) {
            builder.allowBlockingCallsInside("java.util.concurrent.PriorityBlockingQueue", guarded);
        }
        // Resources of the driver's own jar, read once when a class is initialised.
        builder.allowBlockingCallsInside("org.mariadb.r2dbc.util.VersionFactory$VersionFactoryHolder", "<clinit>");
        builder.allowBlockingCallsInside("org.mariadb.r2dbc.util.VersionFactory", "getInstance");
        builder.allowBlockingCallsInside("java.util.ServiceLoader$LazyClassPathLookupIterator", "parse");
        // With TLS: the authorities that Java trusts, kept by the JDK once they are read, and for the MySQL driver the
        // small
        // files of its certificates.
        builder.allowBlockingCallsInside("javax.net.ssl.TrustManagerFactory", "init");
        builder.allowBlockingCallsInside(
                "io.asyncer.r2dbc.mysql.client.SslBridgeHandler$MySqlSslContextSpec", "forClient");
        // The MariaDB driver guards the order of its commands with a lock that is held for a few instructions.
        for (String guarded : MARIADB_COMMANDS) {
            builder.allowBlockingCallsInside("org.mariadb.r2dbc.client.SimpleClient", guarded);
        }
    }
}
