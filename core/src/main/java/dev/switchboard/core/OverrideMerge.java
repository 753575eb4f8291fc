package dev.switchboard.core;

import io.r2dbc.spi.ConnectionFactoryOptions;
import io.r2dbc.spi.Option;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * One override over one definition: whether the definition allows it, what of it is a change at all, and the definition that
 * comes out. What comes from the override and reaches a driver is compared with the definition here, or free of everything
 * that the driver could take for more than a name.
 */
final class OverrideMerge {

    private static final Option<Boolean> CREATE = Option.valueOf("create");
    private static final Pattern PLAIN_NAME = Pattern.compile("[A-Za-z0-9_.-]{1,100}");
    /** Errors shorten names for themselves; here a name only has to stay within what a definition takes. */
    private static final int LONGEST_LABEL = 160;

    private final ConnectionDefinition base;
    private final ConnectionOverride asked;

    OverrideMerge(ConnectionDefinition base, ConnectionOverride asked) {
        this.base = base;
        this.asked = asked;
    }

    /**
     * What the override changes about the definition, in one form for all overrides that come to the same.
     *
     * @throws OverrideRefusedException if the definition does not allow it
     */
    ConnectionOverride difference() {
        ConnectionOverride.Builder changed = ConnectionOverride.builder();
        HostAddress address = address();
        if (address != null) {
            changed.host(address.spelling());
            if (address.port() != 0) {
                changed.port(address.port());
            }
        }
        String database = database();
        if (database != null) {
            changed.database(database);
        }
        if (asked.schema() != null && !asked.schema().equals(base.schema())) {
            refuseIf(
                    base.preparation() != null,
                    "its definition prepares sessions itself, and a schema would take the place of that",
                    "a schema on a connection without a session preparation",
                    "Leave the schema to the preparation");
            changed.schema(asked.schema());
        }
        if (asked.login() != null) {
            refuseIf(
                    !base.overrides().credentials(),
                    "it brings credentials of its own",
                    "the credentials of the definition",
                    "Leave them out, or allow them with withOverrides(allowed -> allowed.credentials(true))");
            changed.credentials(asked.login().user(), asked.login().password());
        }
        return changed.build();
    }

    /** The definition with a difference that {@link #difference()} found. */
    static ConnectionDefinition merged(ConnectionDefinition base, ConnectionOverride difference) {
        ConnectionDefinition merged = base.withName(ErrorText.shortened(difference.over(base.name()), LONGEST_LABEL));
        if (difference.host() != null) {
            merged = merged.withHost(difference.host());
        }
        if (difference.port() != null) {
            merged = merged.withPort(difference.port());
        }
        if (difference.database() != null) {
            merged = withDatabase(merged, difference.database());
        }
        if (difference.schema() != null) {
            merged = merged.withSchema(difference.schema());
        }
        ConnectionOverride.Login login = difference.login();
        return login == null ? merged : merged.withUser(login.user()).withPassword(login.password());
    }

    /** Refuses a file that links lead elsewhere. Reads the disk: asked on a worker, whenever a pool is opened. */
    void refuseLinks(ConnectionOverride difference) {
        if (difference.database() != null && AllowedFiles.isFile(base)) {
            new AllowedFiles(base, this).refuseLinks(difference.database());
        }
    }

    // ---- host and port

    private @Nullable HostAddress address() {
        if (asked.host() == null && asked.port() == null) {
            return null;
        }
        List<HostAddress> own = ownHosts();
        refuseIf(
                own.isEmpty() || isSet(base, "socket", "unixSocket", "url", "descriptor"),
                "its definition does not lead to a host by name",
                "another database",
                "Register a connection of its own for another host");
        refuseIf(
                asked.host() == null && own.size() > 1,
                "it names a port, and its definition leads to several hosts",
                "a port together with its host",
                "Name the host as well");
        HostAddress allowed = Stream.concat(own.stream(), withOwnPort(base.overrides().hosts().stream()))
                .filter(host -> isWanted(host, own.get(0)))
                .findFirst()
                .orElse(null);
        refuseIf(
                allowed == null,
                "it leads to a host or port that its definition does not allow",
                "the host of the definition at its own port, and the hosts that the definition lists",
                "Correct the host, or allow it with withOverrides(allowed -> allowed.hosts(..))");
        return own.size() == 1 && own.contains(allowed) ? null : allowed;
    }

    private boolean isWanted(HostAddress host, HostAddress own) {
        HostAddress wanted = asked.host() == null ? own : HostAddress.ofHost(asked.host(), 0);
        return wanted != null && host.isHost(wanted) && (asked.port() == null || asked.port() == host.port());
    }

    private List<HostAddress> ownHosts() {
        Object hosts = value(base, ConnectionFactoryOptions.HOST);
        return hosts == null
                ? List.of()
                : withOwnPort(Stream.of(hosts.toString().split(",", -1))
                                .map(HostAddress::parse)
                                .filter(Objects::nonNull))
                        .toList();
    }

    private Stream<HostAddress> withOwnPort(Stream<HostAddress> hosts) {
        Object port = value(base, ConnectionFactoryOptions.PORT);
        KnownDriver driver = KnownDriver.named(base.driver());
        int usual = port != null ? Integer.parseInt(port.toString()) : driver == null ? 0 : driver.port();
        return hosts.map(host -> host.withDefaultPort(usual));
    }

    // ---- the database

    private @Nullable String database() {
        String wanted = asked.database();
        if (wanted == null) {
            return null;
        }
        refuseIf(
                base.options() == null || isSet(base, "url", "descriptor"),
                "its definition does not name its database apart from everything else",
                "a definition with the option database",
                "Register a connection of its own for another database");
        if (AllowedFiles.isFile(base)) {
            return new AllowedFiles(base, this).named(wanted);
        }
        if (!isServer(base)) {
            requirePlainName(wanted);
        }
        return wanted.equals(ConnectionAddress.database(options(base))) ? null : wanted;
    }

    private void requirePlainName(String wanted) {
        refuseIf(
                "h2".equals(base.driver()) && !"mem".equals(value(base, ConnectionFactoryOptions.PROTOCOL)),
                "another file of H2",
                "another database of H2 in memory",
                "Register a connection of its own for another file");
        refuseIf(
                !PLAIN_NAME.matcher(wanted).matches(),
                "the database is not a plain name",
                "1 to 100 letters, digits and _ . -",
                "Correct the database");
    }

    private static ConnectionDefinition withDatabase(ConnectionDefinition merged, String database) {
        if (AllowedFiles.isFile(merged)) {
            ConnectionDefinition other = merged.withDatabase(AllowedFiles.path(merged, database));
            return isSet(merged, "create") ? other : other.withOption(CREATE, false);
        }
        return merged.withDatabase(database + ("h2".equals(merged.driver()) ? settingsOfH2(merged) : ""));
    }

    /** H2 would make a database of a mistyped name; no server does. */
    private static String settingsOfH2(ConnectionDefinition base) {
        String database = String.valueOf(value(base, ConnectionFactoryOptions.DATABASE));
        int start = database.indexOf(';');
        String settings = start < 0 ? "" : database.substring(start);
        boolean decided = options(base).toString().toUpperCase(Locale.ROOT).contains("IFEXISTS");
        return decided ? settings : settings + ";IFEXISTS=TRUE";
    }

    /** Whether the driver sends the database to a server as a text of its own. */
    private static boolean isServer(ConnectionDefinition base) {
        KnownDriver driver = KnownDriver.named(base.driver());
        return driver != null && driver.port() != 0;
    }

    // ---- what the parts share

    private static boolean isSet(ConnectionDefinition base, String... names) {
        return Stream.of(names).anyMatch(name -> options(base).hasOption(Option.valueOf(name)));
    }

    private static @Nullable Object value(ConnectionDefinition base, Option<?> option) {
        return options(base).getValue(option);
    }

    /** Of a definition from a factory: none, so that everything that needs one is refused. */
    private static ConnectionFactoryOptions options(ConnectionDefinition base) {
        ConnectionFactoryOptions options = base.options();
        return options == null ? ConnectionFactoryOptions.builder().build() : options;
    }

    void refuseIf(boolean wrong, String found, String allowed, String next) {
        if (wrong) {
            throw new OverrideRefusedException(base.name(), asked, found, allowed, next);
        }
    }
}
