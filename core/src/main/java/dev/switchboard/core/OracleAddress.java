package dev.switchboard.core;

import io.r2dbc.spi.ConnectionFactoryOptions;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** An Oracle database is named by a service or by a SID. Its driver knows the service as the database, and the SID not at all. */
final class OracleAddress {

    private static final String ALLOWED =
            "a service name (the database of the definition), a SID (a setting), or the option '"
                    + OracleAddress.DESCRIPTOR + "'";
    private static final String DESCRIPTOR = "oracle.r2dbc.descriptor";
    private static final Pattern HOST = Pattern.compile("[A-Za-z0-9._:-]+");

    private OracleAddress() {}

    /** Checks that there is exactly one name, and writes a SID as the descriptor that the driver takes in place of all else. */
    static void write(@Nullable String sid, MappedOptions options) {
        boolean service = options.get("database") != null;
        boolean descriptor = options.get(DESCRIPTOR) != null;
        if (sid == null) {
            if (!service && !descriptor) {
                throw options.refused(
                        "neither a service name nor a SID is given", ALLOWED, "Name the one that the database has");
            }
            return;
        }
        if (service || descriptor) {
            throw options.refused(
                    "both the SID " + ErrorText.quoted(sid) + " and "
                            + (service ? "a service name" : "the option '" + DESCRIPTOR + "'") + " are given",
                    ALLOWED,
                    "Keep the one that the database has");
        }
        options.put(Setting.SID, DESCRIPTOR, descriptor(sid, options));
        options.drop(ConnectionFactoryOptions.HOST);
        options.drop(ConnectionFactoryOptions.PORT);
        options.drop(ConnectionFactoryOptions.SSL);
    }

    private static String descriptor(String sid, MappedOptions options) {
        String host = String.valueOf(options.get("host"));
        if (!HOST.matcher(host).matches()) {
            throw options.refused(
                    "the host of the SID " + ErrorText.quoted(sid) + " is not a host name or address",
                    "one host",
                    "Correct the host, or write the option '" + DESCRIPTOR + "' yourself");
        }
        Object port = options.get("port");
        String protocol = "true".equals(String.valueOf(options.get("ssl"))) ? "tcps" : "tcp";
        return "(DESCRIPTION=(ADDRESS=(PROTOCOL=" + protocol + ")(HOST=" + host + ")(PORT="
                + (port == null ? 1521 : port) + "))(CONNECT_DATA=(SID=" + sid + ")))";
    }
}
