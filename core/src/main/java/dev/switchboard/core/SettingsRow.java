package dev.switchboard.core;

import io.r2dbc.spi.ConnectionFactoryOptions;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.EnumMap;
import java.util.Map;
import java.util.function.Function;

/** What one driver makes of each setting. A setting without a place in its row is refused. */
final class SettingsRow {

    /** Writes one setting into the options, or refuses it. */
    interface Place {
        void write(Object value, MappedOptions options);
    }

    private static final String LEAVE_OUT = "Leave it out for this connection";

    private final String driver;
    private final Map<Setting, Place> places = new EnumMap<>(Setting.class);

    SettingsRow(String driver) {
        this.driver = driver;
    }

    String driver() {
        return driver;
    }

    void write(Map<Setting, Object> settings, MappedOptions options) {
        settings.forEach((setting, value) -> {
            Place place = places.get(setting);
            if (place == null) {
                throw options.unsupported(setting.words(), LEAVE_OUT);
            }
            place.write(value, options);
        });
    }

    SettingsRow place(Setting setting, Place place) {
        places.put(setting, place);
        return this;
    }

    SettingsRow named(Setting setting, String option) {
        return named(setting, option, value -> value);
    }

    SettingsRow named(Setting setting, String option, Function<Object, Object> inItsWords) {
        return place(setting, (value, options) -> options.put(setting, option, inItsWords.apply(value)));
    }

    SettingsRow refused(Setting setting, String next) {
        return place(setting, (value, options) -> {
            throw options.unsupported(setting.words(), next);
        });
    }

    /** An option {@code sslMode} with one word for each mode, in the order of {@link TlsMode}. */
    static Place sslMode(String off, String required, String verifyFull) {
        return (value, options) -> {
            TlsMode mode = (TlsMode) value;
            agreeWithUrl(mode, options);
            String word = switch (mode) {
                case OFF -> off;
                case REQUIRED -> required;
                case VERIFY_FULL -> verifyFull;
            };
            options.put(Setting.TLS, "sslMode", word);
        };
    }

    /** {@code r2dbcs:} asks for TLS in the URL; a mode says the same and more. */
    private static void agreeWithUrl(TlsMode mode, MappedOptions options) {
        options.put(Setting.TLS, "ssl", mode != TlsMode.OFF);
        options.drop(ConnectionFactoryOptions.SSL);
    }

    /** For a product without a network between it and the program. */
    SettingsRow withoutNetwork() {
        return place(Setting.TLS, (value, options) -> {
            if (value != TlsMode.OFF) {
                throw options.unsupported("TLS, as it runs inside this process", "Set TlsMode.OFF for this connection");
            }
        });
    }

    /** For a driver that speaks UTF-8 and nothing else. */
    SettingsRow speaksUtf8() {
        return place(Setting.CHARSET, (value, options) -> {
            if (!StandardCharsets.UTF_8.equals(value)) {
                throw options.unsupported(
                        "the character set " + ((Charset) value).name(),
                        "Leave it out or name UTF-8: the driver speaks it, and the server converts to that of its tables");
            }
        });
    }

    /** For a driver that puts whole seconds where milliseconds were asked for. */
    SettingsRow wholeSeconds(Setting setting, Place place) {
        return place(setting, (value, options) -> {
            if (((Duration) value).toNanos() % 1_000_000_000 != 0) {
                throw options.unsupported(
                        setting.words() + " of " + ErrorText.duration((Duration) value), "Set it in whole seconds");
            }
            place.write(value, options);
        });
    }

    /** For a driver that turns points in time into times of the session's zone, where summer time makes two of them alike. */
    SettingsRow fixedZone(Place place) {
        return place(Setting.TIME_ZONE, (value, options) -> {
            ZoneId zone = (ZoneId) value;
            if (!zone.getRules().isFixedOffset()) {
                throw options.unsupported(
                        "the time zone " + zone + " without losing points in time when its clocks go back",
                        "Set a zone without summer time, such as ZoneOffset.UTC");
            }
            place.write(offset(zone), options);
        });
    }

    /** For a driver whose sessions are in UTC, always or because it is told so. */
    SettingsRow onlyUtc(Place place, String next) {
        return place(Setting.TIME_ZONE, (value, options) -> {
            ZoneId zone = (ZoneId) value;
            if (!zone.getRules().isFixedOffset() || !offset(zone).equals(ZoneOffset.UTC)) {
                throw options.unsupported("the time zone " + zone, next);
            }
            place.write(zone, options);
        });
    }

    /** {@code UTC} rather than {@code Z}, which no server knows. */
    static String zoneName(Object zone) {
        return ZoneOffset.UTC.equals(zone) ? "UTC" : zone.toString();
    }

    private static ZoneOffset offset(ZoneId zone) {
        return zone.getRules().getOffset(Instant.EPOCH);
    }
}
