package dev.switchboard.core;

import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Everything in a definition but its name and where it leads; the usual one is shared by all definitions.
 *
 * @param pool the options of its pool
 * @param settings what it asks of its server
 * @param session what its sessions are set to for a borrower
 * @param role what its host is for
 * @param isUnlisted whether its name is kept out of suggestions
 * @param freedom what goes beyond what is checked
 */
record DefinitionDetails(
        PoolOptions pool,
        ConnectionSettings settings,
        Session session,
        HostRole role,
        boolean isUnlisted,
        Freedom freedom) {

    static final DefinitionDetails DEFAULTS = new DefinitionDetails(
            PoolOptions.defaults(),
            ConnectionSettings.none(),
            new Session(null, null),
            HostRole.PRIMARY,
            false,
            new Freedom(Set.of(), AllowedOverrides.defaults()));

    /** A schema or a preparation; one takes the place of the other. */
    record Session(@Nullable String schema, @Nullable SessionPreparation preparation) {}

    /**
     * What goes beyond the definition.
     *
     * @param unchecked the names of options that are handed to the driver unseen
     * @param overrides what a chain may change
     */
    record Freedom(Set<String> unchecked, AllowedOverrides overrides) {}

    Set<String> unchecked() {
        return freedom.unchecked;
    }

    AllowedOverrides overrides() {
        return freedom.overrides;
    }

    DefinitionDetails with(PoolOptions other) {
        return new DefinitionDetails(other, settings, session, role, isUnlisted, freedom);
    }

    DefinitionDetails with(ConnectionSettings other) {
        return new DefinitionDetails(pool, other, session, role, isUnlisted, freedom);
    }

    DefinitionDetails with(Session other) {
        return new DefinitionDetails(pool, settings, other, role, isUnlisted, freedom);
    }

    DefinitionDetails with(HostRole other) {
        return new DefinitionDetails(pool, settings, session, other, isUnlisted, freedom);
    }

    DefinitionDetails with(AllowedOverrides other) {
        return with(new Freedom(freedom.unchecked, other));
    }

    private DefinitionDetails with(Freedom other) {
        return new DefinitionDetails(pool, settings, session, role, isUnlisted, other);
    }

    DefinitionDetails unlisted() {
        return new DefinitionDetails(pool, settings, session, role, true, freedom);
    }

    DefinitionDetails unchecked(String option) {
        Set<String> longer = new TreeSet<>(freedom.unchecked);
        longer.add(option);
        return with(new Freedom(Set.copyOf(longer), freedom.overrides));
    }
}
