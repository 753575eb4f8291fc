package dev.switchboard.core;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * One host as a list of allowed ones compares it: in ASCII, whatever the case, an IPv6 address however it is written. Nothing
 * is looked up: two names of one machine are two hosts.
 *
 * @param spelling as it was written, which is what the driver gets
 * @param canonical what is compared
 * @param port the port, or 0 where none was written
 */
record HostAddress(String spelling, String canonical, int port) {

    private static final int LONGEST = 253;
    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?");
    private static final Pattern IPV6 = Pattern.compile("[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*");
    private static final Pattern WITH_PORT = Pattern.compile("(\\[[^\\[\\]]*]|[^:]*):([0-9]{1,5})");

    /** A host with or without a port, as in {@code db02}, {@code db02:5433}, {@code [::1]:5432}; null where it is none. */
    static @Nullable HostAddress parse(String text) {
        Matcher withPort = WITH_PORT.matcher(text);
        if (!withPort.matches()) {
            return ofHost(text, 0);
        }
        int port = Integer.parseInt(withPort.group(2));
        return ConnectionAddress.isPort(port) ? ofHost(withPort.group(1), port) : null;
    }

    static @Nullable HostAddress ofHost(String host, int port) {
        String canonical = canonical(host);
        return canonical == null ? null : new HostAddress(host, canonical, port);
    }

    private static @Nullable String canonical(String host) {
        boolean inBrackets = host.startsWith("[") && host.endsWith("]");
        String address = inBrackets ? host.substring(1, host.length() - 1) : host;
        if (IPV6.matcher(address).matches()) {
            return ipv6(address);
        }
        boolean isName = !inBrackets
                && host.length() <= LONGEST
                && !host.contains("..")
                && NAME.matcher(host).matches();
        return isName ? host.toLowerCase(Locale.ROOT) : null;
    }

    /** A text with colons is never looked up as a name. */
    private static @Nullable String ipv6(String address) {
        try {
            return InetAddress.getByName(address).getHostAddress();
        } catch (UnknownHostException notAnAddress) {
            return null;
        }
    }

    boolean isHost(HostAddress other) {
        return canonical.equals(other.canonical);
    }

    HostAddress withDefaultPort(int usual) {
        return port == 0 ? new HostAddress(spelling, canonical, usual) : this;
    }

    /** Refuses what is not one plain host. Never quotes it: one with an at sign may well hold a password. */
    static void requireHost(String host) {
        if (canonical(host) == null) {
            throw new OverrideRefusedException(
                    null,
                    null,
                    wrong(host),
                    "one host name or address in ASCII, without port" + " and without a dot at its end",
                    "Correct the host, and give the port with port(..)");
        }
    }

    private static String wrong(String host) {
        return host.codePoints()
                .filter(point -> point > '~'
                        || !NAME.matcher("a" + Character.toString(point) + "a").matches())
                .filter(point -> "[]:".indexOf(point) < 0)
                .mapToObj(point -> String.format("the host contains the character U+%04X", point))
                .findFirst()
                .orElse("the host is not a name or an address");
    }
}
