package dev.switchboard.core;

import io.r2dbc.spi.ConnectionFactoryOptions;
import io.r2dbc.spi.Option;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Makes one definition of parts that say different things, the strongest first. */
final class TemplateMerge {

    private final String name;
    private final List<TemplatePart> parts;
    private final Map<Object, TemplatePart> urls = new HashMap<>();

    private TemplateMerge(String name, List<TemplatePart> parts) {
        this.name = name;
        this.parts = parts;
        for (TemplatePart part : parts) {
            if (part.url() != null) {
                urls.putIfAbsent(part.said().layer(), part);
            }
        }
    }

    static ConnectionDefinition define(String name, List<TemplatePart> strongestFirst) {
        return new TemplateMerge(DefinitionChecks.name(name), strongestFirst).defined();
    }

    private ConnectionDefinition defined() {
        refuseSeveralDrivers();
        ConnectionDefinition definition = ConnectionDefinition.of(name, options());
        if (parts.stream().anyMatch(part -> !part.pool().isEmpty())) {
            definition = definition.withPool(pool());
        }
        ConnectionSettings settings = ConnectionSettings.none();
        for (TemplatePart part : parts) {
            settings = settings.over(part.session().settings());
        }
        definition = definition.withSettings(settings);
        String schema = schema();
        if (schema != null) {
            definition = definition.withSchema(schema);
        }
        HostRole role = role();
        return role == null ? definition : definition.withRole(role);
    }

    /** A stronger place of one layer may well name another driver than a weaker one: a test runs on H2. Layers may not. */
    private void refuseSeveralDrivers() {
        Map<Object, TemplatePart> byLayer = new LinkedHashMap<>();
        for (TemplatePart part : parts) {
            if (driver(part) != null) {
                byLayer.putIfAbsent(part.said().layer(), part);
            }
        }
        TemplatePart strongest = null;
        for (TemplatePart part : byLayer.values()) {
            TemplatePart reference = strongest == null ? part : strongest;
            strongest = reference;
            DefinitionChecks.refuseIf(
                    name,
                    !String.valueOf(driver(part)).equals(String.valueOf(driver(reference))),
                    "the driver is " + ErrorText.quoted(String.valueOf(driver(reference))) + " in "
                            + reference.said().words() + " and "
                            + ErrorText.quoted(String.valueOf(driver(part))) + " in "
                            + part.said().words(),
                    "one driver in everything that is merged",
                    "Leave the driver and what belongs to it out of the weaker place, or use a template of that driver");
        }
    }

    private @Nullable Object driver(TemplatePart part) {
        return part.driver(urlCounts(part));
    }

    private boolean urlCounts(TemplatePart part) {
        return part.equals(urls.get(part.said().layer()));
    }

    private ConnectionFactoryOptions options() {
        Map<Option<?>, Object> merged = new LinkedHashMap<>();
        for (int part = parts.size() - 1; part >= 0; part--) {
            addTo(merged, parts.get(part));
        }
        DefinitionChecks.refuseIf(
                name,
                !merged.containsKey(ConnectionFactoryOptions.DRIVER),
                "neither it nor what it is merged over names a driver",
                "a URL, or a driver such as postgresql, mysql, mariadb or sqlite",
                "Set the URL or the driver");
        ConnectionFactoryOptions.Builder options = ConnectionFactoryOptions.builder();
        merged.forEach((option, value) -> set(options, option, value));
        return options.build();
    }

    private void addTo(Map<Option<?>, Object> merged, TemplatePart part) {
        ConnectionFactoryOptions url = part.url();
        if (url != null && urlCounts(part)) {
            merged.keySet().removeAll(TemplatePart.ADDRESS);
            for (Option<?> option : Secrets.names(url)) {
                merged.put(option, url.getRequiredValue(option));
            }
        }
        merged.putAll(part.values());
    }

    @SuppressWarnings("unchecked")
    private static void set(ConnectionFactoryOptions.Builder options, Option<?> option, Object value) {
        options.option((Option<Object>) option, value);
    }

    private PoolOptions pool() {
        PoolOptions.Builder builder = PoolOptions.builder();
        Set<String> where = new LinkedHashSet<>();
        try {
            for (int part = parts.size() - 1; part >= 0; part--) {
                for (TemplatePart.PoolChange change : parts.get(part).pool()) {
                    where.add(change.where());
                    builder = change.change().apply(builder);
                }
            }
            return builder.build();
        } catch (InvalidDefinitionException refused) {
            String places =
                    where.size() == 1 ? "" : " (its pool options are set in " + String.join(" and ", where) + ")";
            throw new InvalidDefinitionException(name, refused.found() + places, refused.allowed(), refused.next());
        }
    }

    private @Nullable String schema() {
        for (TemplatePart part : parts) {
            String schema = part.session().schema();
            if (schema != null) {
                return schema;
            }
        }
        return null;
    }

    private @Nullable HostRole role() {
        for (TemplatePart part : parts) {
            if (part.role() != null) {
                return part.role();
            }
        }
        return null;
    }
}
