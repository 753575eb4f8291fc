package dev.switchboard.core;

import io.r2dbc.spi.Option;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A key of a connection, a template or the defaults, and how its value gets into a template: the only place where keys are
 * listed.
 *
 * @param text the key behind the name, for example {@code pool.max-size}
 * @param isSecret whether its value may be a secret
 * @param setting puts an entry into a template
 */
record ConfigurationKey(
        String text, boolean isSecret, BiConsumer<ConnectionTemplate.Builder, ConfigurationEntry> setting) {

    /** The key that names a template: of a connection only, and no value of the connection itself. */
    static final String TEMPLATE = "template";

    static final String OPTIONS = "options.";
    private static final String URL = "url";
    private static final String DRIVER = "driver";
    private static final String PASSWORD = "password";

    private static final Map<String, ConfigurationKey> ROWS = rows(
            new ConfigurationKey(
                    URL, true, (template, entry) -> template.url(entry.value().name())),
            text(DRIVER, ConnectionTemplate.Builder::driver),
            text("protocol", ConnectionTemplate.Builder::protocol),
            text("host", ConnectionTemplate.Builder::host),
            new ConfigurationKey(
                    "port",
                    false,
                    (template, entry) -> template.port(entry.value().wholeNumber())),
            text("database", ConnectionTemplate.Builder::database),
            new ConfigurationKey(
                    "user",
                    true,
                    (template, entry) -> template.user(entry.value().name())),
            new ConfigurationKey(
                    PASSWORD,
                    true,
                    (template, entry) -> template.password(entry.value().text())),
            text("schema", ConnectionTemplate.Builder::schema),
            new ConfigurationKey(
                    "role",
                    false,
                    (template, entry) -> template.role(entry.value().role())),
            pool("name", ConfigurationValue::name, PoolOptions.Builder::name),
            number("max-size", PoolOptions.Builder::maxSize),
            number("min-idle", PoolOptions.Builder::minIdle),
            number("max-waiting", PoolOptions.Builder::maxWaiting),
            duration("acquire-timeout", PoolOptions.Builder::acquireTimeout),
            duration("create-timeout", PoolOptions.Builder::createTimeout),
            duration("validation-timeout", PoolOptions.Builder::validationTimeout),
            duration("validate-after-idle", PoolOptions.Builder::validateAfterIdle),
            pool("validation", ConfigurationValue::validation, PoolOptions.Builder::validation),
            pool("validation-query", ConfigurationValue::name, PoolOptions.Builder::validationQuery),
            duration("keep-alive", PoolOptions.Builder::keepAlive),
            duration("idle-timeout", PoolOptions.Builder::idleTimeout),
            duration("max-lifetime", PoolOptions.Builder::maxLifetime),
            number("lifetime-variance", PoolOptions.Builder::lifetimeVariance),
            duration("reset-timeout", PoolOptions.Builder::resetTimeout),
            duration("drain-timeout", PoolOptions.Builder::drainTimeout),
            duration("leak-threshold", PoolOptions.Builder::leakThreshold),
            pool("always-reset", ConfigurationValue::yesOrNo, PoolOptions.Builder::alwaysReset),
            setting("application-name", Setting.APPLICATION_NAME, ConfigurationValue::name),
            setting("tls", Setting.TLS, ConfigurationValue::tlsMode),
            setting("certificate-authority", Setting.CERTIFICATE_AUTHORITY, ConfigurationValue::file),
            setting("client-certificate", Setting.CLIENT_CERTIFICATE, ConfigurationValue::file),
            setting("client-key", Setting.CLIENT_KEY, ConfigurationValue::file),
            setting("charset", Setting.CHARSET, ConfigurationValue::charset),
            setting("time-zone", Setting.TIME_ZONE, ConfigurationValue::timeZone),
            setting("statement-timeout", Setting.STATEMENT_TIMEOUT, ConfigurationValue::duration),
            setting("lock-timeout", Setting.LOCK_TIMEOUT, ConfigurationValue::duration),
            setting("sid", Setting.SID, ConfigurationValue::name));

    private static Map<String, ConfigurationKey> rows(ConfigurationKey... keys) {
        Map<String, ConfigurationKey> rows = new LinkedHashMap<>();
        Stream.of(keys).forEach(key -> rows.put(key.text, key));
        return rows;
    }

    private static ConfigurationKey text(String text, BiConsumer<ConnectionTemplate.Builder, String> setter) {
        return new ConfigurationKey(
                text,
                false,
                (template, entry) -> setter.accept(template, entry.value().name()));
    }

    private static ConfigurationKey number(
            String text, BiFunction<PoolOptions.Builder, Integer, PoolOptions.Builder> setter) {
        return pool(text, ConfigurationValue::wholeNumber, setter);
    }

    private static ConfigurationKey duration(
            String text, BiFunction<PoolOptions.Builder, Duration, PoolOptions.Builder> setter) {
        return pool(text, ConfigurationValue::duration, setter);
    }

    private static <T> ConfigurationKey pool(
            String text,
            Function<ConfigurationValue, T> reader,
            BiFunction<PoolOptions.Builder, T, PoolOptions.Builder> setter) {
        return new ConfigurationKey("pool." + text, false, (template, entry) -> {
            T value = reader.apply(entry.value());
            template.pool(entry.where(), pool -> setter.apply(pool, value));
        });
    }

    private static ConfigurationKey setting(String text, Setting setting, Function<ConfigurationValue, Object> reader) {
        return new ConfigurationKey(
                "settings." + text,
                false,
                (template, entry) -> template.settings(settings -> settings.set(setting, reader.apply(entry.value()))));
    }

    /** The key of this text, or null where there is none. */
    static @Nullable ConfigurationKey of(String text) {
        boolean isOption = text.startsWith(OPTIONS) && text.length() > OPTIONS.length();
        return isOption ? option(text) : ROWS.get(text);
    }

    /** Option values stay texts, as behind the question mark of a URL: each driver reads its own. */
    private static ConfigurationKey option(String text) {
        String option = text.substring(OPTIONS.length());
        return new ConfigurationKey(text, true, (template, entry) -> {
            DefinitionChecks.refuseIf(
                    null,
                    Set.of("driver", "protocol", "host", "port", "database", "user", "password")
                            .contains(option),
                    "'" + option + "' is not an option of the driver",
                    ErrorText.quoted(option) + ", a key of its own",
                    "Leave out '" + OPTIONS + "'");
            template.option(Option.valueOf(option), entry.value().text());
        });
    }

    /** The keys of a scope in their order, for messages. */
    static List<String> texts(ConfigurationScope scope) {
        if (scope.section() == ConfigurationScope.Section.BUDGET) {
            return BudgetKey.texts();
        }
        Stream<String> template =
                scope.section() == ConfigurationScope.Section.CONNECTIONS ? Stream.of(TEMPLATE) : Stream.empty();
        return Stream.of(ROWS.keySet().stream(), Stream.of(OPTIONS + "<option of the driver>"), template)
                .flatMap(texts -> texts)
                .toList();
    }

    /** Some drivers tell an empty password or option from none. */
    boolean mayBeEmpty() {
        return text.equals(PASSWORD) || text.startsWith(OPTIONS);
    }

    /** Refuses a value that cannot be right whatever it is merged with. */
    void tryAlone(ConfigurationEntry entry) {
        ConnectionTemplate.Builder alone = ConnectionTemplate.builder();
        if (!text.equals(URL)) {
            // The widest pool, so that only values that no other value can make right are refused.
            alone.driver("any")
                    .pool(entry.where(), pool -> pool.maxSize(Integer.MAX_VALUE).acquireTimeout(Duration.ofHours(24)));
        }
        setting.accept(alone, entry);
        alone.build().define("any");
    }
}
