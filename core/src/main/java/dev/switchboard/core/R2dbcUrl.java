package dev.switchboard.core;

import io.r2dbc.spi.ConnectionFactoryOptions;
import java.net.URISyntaxException;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Reads an R2DBC URL. What is wrong is refused by the name of the part that is wrong and never by quoting the URL, since it may
 * hold a password; for the same reason the exception of the parser, which quotes it, is not kept as a cause.
 */
final class R2dbcUrl {

    private static final String FORM = "r2dbc:driver://user:password@host:port/database?option=value";
    private static final Pattern BEFORE_SLASHES = Pattern.compile("r2dbcs?:([A-Za-z0-9._-]+)(:[A-Za-z0-9.:_-]*)?");
    private static final Pattern SCHEME = Pattern.compile("r2dbcs?:.*", Pattern.DOTALL);
    private static final Pattern HOST_AND_PORT = Pattern.compile("([^,:\\[\\]]+):([0-9]{1,5})");
    private static final Pattern HIDDEN_OR_BLANK = Pattern.compile("[\\s\\p{Cntrl}]");
    private static final Set<String> PARTS_OF_THE_URL =
            Set.of("driver", "protocol", "user", "password", "host", "port", "database");

    private final @Nullable String name;
    private final String url;

    private R2dbcUrl(@Nullable String name, String url) {
        this.name = name;
        this.url = url;
    }

    static ConnectionFactoryOptions parse(@Nullable String name, String url) {
        return new R2dbcUrl(name, url).parse();
    }

    /** Whether an option has a place of its own in a URL, before the '?'. */
    static boolean isPart(String option) {
        return PARTS_OF_THE_URL.contains(option);
    }

    private ConnectionFactoryOptions parse() {
        refuseIf(url.isBlank(), "the URL is blank", "Write the URL in that form");
        refuseIf(
                HIDDEN_OR_BLANK.matcher(url).find(),
                "the URL contains a space, a line break or a control character",
                "Remove it, or write it percent-encoded (a space is %20)");
        checkBeforeSlashes();
        int authorityStart = url.indexOf("://") + 3;
        int authorityEnd = endOfAuthority(authorityStart);
        String authority = url.substring(authorityStart, authorityEnd);
        String rest = url.substring(authorityEnd);
        refuseIf(
                !authority.isEmpty() && authority.indexOf('@') < 0 && rest.indexOf('@') >= 0,
                "a '/', '?' or '#' stands before the '@' that ends user and password",
                "Write the user and the password percent-encoded (/ is %2F, ? is %3F, # is %23), and an '@' behind the host as %40");
        refuseIf(rest.indexOf('#') >= 0, "the URL has a part behind '#', which no driver reads", "Write # as %23");
        checkHosts(authority);
        checkQuery(rest);
        return withPortApart(parsed());
    }

    private void checkBeforeSlashes() {
        refuseIf(
                !SCHEME.matcher(url).matches(),
                url.startsWith("jdbc:") ? "the URL is a JDBC URL" : "the URL does not start with r2dbc: or r2dbcs:",
                "Start it with r2dbc: and the name of the driver");
        int slashes = url.indexOf("://");
        refuseIf(
                slashes < 0 || url.startsWith("r2dbc://") || url.startsWith("r2dbcs://"),
                slashes < 0 ? "the URL has no '://' behind the driver" : "the URL names no driver",
                "Write the driver between r2dbc: and ://, for example r2dbc:postgresql://");
        refuseIf(
                !BEFORE_SLASHES.matcher(url.substring(0, slashes)).matches(),
                "the part of the URL before '://' is not the name of a driver",
                "Write the driver between r2dbc: and ://, for example r2dbc:postgresql://");
    }

    private int endOfAuthority(int start) {
        int end = start;
        while (end < url.length() && "/?#".indexOf(url.charAt(end)) < 0) {
            end++;
        }
        return end;
    }

    private void checkHosts(String authority) {
        if (authority.isEmpty()) {
            return;
        }
        String hosts = authority.substring(authority.lastIndexOf('@') + 1);
        for (String host : hosts.split(",", -1)) {
            checkHost(host);
        }
    }

    private void checkHost(String host) {
        int address = host.startsWith("[") ? host.indexOf(']') + 1 : 0;
        int colon = host.indexOf(':', address);
        refuseIf(
                host.isEmpty() || colon == 0,
                "the host is empty",
                "Write the host behind the '@', or behind '://' without a user");
        refuseIf(
                colon >= 0 && host.indexOf(':', colon + 1) >= 0,
                "the host contains more than one ':'",
                "Write an IPv6 address in brackets, as in [::1]:5432, and a ':' in the user or password as %3A");
        if (colon >= 0 && colon < host.length() - 1) {
            refuseIf(
                    !isPort(host.substring(colon + 1)),
                    "the port is not a number from 1 to 65535",
                    "Correct the port; a ':' or '@' in the user or password is written %3A or %40");
        }
    }

    private static boolean isPort(String text) {
        boolean isNumber = text.length() <= 5 && text.chars().allMatch(digit -> digit >= '0' && digit <= '9');
        return isNumber && ConnectionAddress.isPort(Integer.parseInt(text));
    }

    private void checkQuery(String rest) {
        int question = rest.indexOf('?');
        if (question < 0) {
            return;
        }
        for (String option : rest.substring(question + 1).split("&", -1)) {
            String key = option.substring(0, Math.max(option.indexOf('='), 0));
            refuseIf(
                    option.indexOf('=') <= 0 && !option.isEmpty(),
                    "an option behind '?' has no name or no '='",
                    "Write it as option=value");
            refuseIf(
                    PARTS_OF_THE_URL.contains(key),
                    "the option '" + key + "' stands behind '?'",
                    "Write it in its own place in the URL");
        }
    }

    private ConnectionFactoryOptions parsed() {
        try {
            return ConnectionFactoryOptions.parse(url);
        } catch (IllegalArgumentException quotesTheUrl) {
            String reason = quotesTheUrl.getCause() instanceof URISyntaxException syntax
                    ? "the URL cannot be read (" + syntax.getReason() + ")"
                    : "the URL cannot be read (a percent-encoded character or an option behind '?' is wrong)";
            throw refusal(reason, "Write special characters percent-encoded, a '%' itself as %25");
        }
    }

    /** A host that is not a DNS name (docker likes {@code my_db:5432}) comes out of the parser with its port glued on. */
    private static ConnectionFactoryOptions withPortApart(ConnectionFactoryOptions options) {
        if (options.hasOption(ConnectionFactoryOptions.PORT)
                || !(options.getValue(ConnectionFactoryOptions.HOST) instanceof String host)) {
            return options;
        }
        Matcher glued = HOST_AND_PORT.matcher(host);
        if (!glued.matches()) {
            return options;
        }
        return options.mutate()
                .option(ConnectionFactoryOptions.HOST, glued.group(1))
                .option(ConnectionFactoryOptions.PORT, Integer.valueOf(glued.group(2)))
                .build();
    }

    private void refuseIf(boolean wrong, String found, String next) {
        if (wrong) {
            throw refusal(found, next);
        }
    }

    private InvalidDefinitionException refusal(String found, String next) {
        return new InvalidDefinitionException(name, found, FORM, next);
    }
}
