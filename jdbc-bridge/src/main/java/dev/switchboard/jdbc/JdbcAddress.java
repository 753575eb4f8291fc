package dev.switchboard.jdbc;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A JDBC URL, which may hold a password in a place that only its driver knows.
 *
 * @param url the URL
 * @param shown what of it may be told
 */
record JdbcAddress(String url, String shown) {
    private static final Pattern SUB_PROTOCOL = Pattern.compile("jdbc:[A-Za-z0-9+.-]+");
    private static final Pattern BEFORE_HOST = Pattern.compile("jdbc(:[A-Za-z0-9+.-]+)+://");
    private static final Pattern HOST_AND_PATH =
            Pattern.compile("(?:[\\w.-]+|\\[[0-9a-fA-F:]+])(?::\\d+)?(?:/[\\w.$-]*)*");

    /** One that is known to hold no secret. */
    static JdbcAddress plain(String url) {
        return new JdbcAddress(url, url);
    }

    static JdbcAddress withSecrets(String url) {
        return new JdbcAddress(url, shown(url));
    }

    /** Hosts and path where they stand in the usual form; of every other form the sub-protocol alone. */
    private static String shown(String url) {
        Matcher protocol = SUB_PROTOCOL.matcher(url);
        String little = (protocol.lookingAt() ? protocol.group() : "jdbc") + ":..";
        Matcher before = BEFORE_HOST.matcher(url);
        if (!before.lookingAt()) {
            return little;
        }
        String rest = url.substring(before.end());
        int at = rest.indexOf('@');
        boolean clear = at == rest.lastIndexOf('@') && at < startOfOptions(rest);
        Matcher place = HOST_AND_PATH.matcher(rest).region(at + 1, rest.length());
        return clear && place.lookingAt() ? before.group() + place.group() : little;
    }

    private static int startOfOptions(String rest) {
        int found = 0;
        while (found < rest.length() && rest.charAt(found) != '?' && rest.charAt(found) != ';') {
            found++;
        }
        return found;
    }

    /** Whether a driver's message, or one below it, repeats what must not be told. */
    boolean isToldIn(Throwable failure, String password) {
        List<String> secrets = new ArrayList<>();
        if (!url.equals(shown)) {
            secrets.add(url);
            int options = startOfOptions(url);
            secrets.add(url.substring(Math.min(options + 1, url.length())));
        }
        secrets.add(password);
        secrets.removeIf(String::isEmpty);
        for (Throwable each = failure; each != null; each = each.getCause()) {
            String message = String.valueOf(each.getMessage());
            if (secrets.stream().anyMatch(message::contains)) {
                return true;
            }
        }
        return false;
    }
}
