package dev.switchboard.tenancy;

import dev.switchboard.core.ConnectionDefinition;
import dev.switchboard.core.ConnectionOverride;
import dev.switchboard.core.ReactiveConnectionRegistry;
import dev.switchboard.routing.EntityKey;
import dev.switchboard.routing.PartialRoute;
import dev.switchboard.routing.RouteConflictException;
import dev.switchboard.routing.RouteHints;
import dev.switchboard.routing.Router;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/**
 * Gives every tenant a database of its own. The first query of a tenant registers its connection; the name is not listed.
 *
 * <pre>{@code RoutingConnectionFactory.over(registry, TenantRouter.databasePerTenant(registry,
 *         tenant -> template.withDatabase("customer_" + tenant.value())))}</pre>
 *
 * <p>A query without a tenant is refused, unless it chooses a shared connection. Inside a tenant's scope a chosen connection
 * must be the tenant's own or a shared one. Overrides ({@code usingDatabase(..)}, {@code usingOptions(..)}) are refused, with
 * a tenant and without: the database of another tenant may be one name away. A name that is registered already, by the program or
 * by another router, is refused as well. Immutable; the {@code with} methods return copies, which know each other's tenants.
 */
public final class TenantRouter implements Router {

    private final ReactiveConnectionRegistry registry;
    private final Function<TenantId, ConnectionDefinition> definitions;
    private final Function<TenantId, String> names;
    private final Set<String> shared;
    private final Map<String, Claim> claims;

    private TenantRouter(
            ReactiveConnectionRegistry registry,
            Function<TenantId, ConnectionDefinition> definitions,
            Function<TenantId, String> names,
            Set<String> shared,
            Map<String, Claim> claims) {
        this.registry = registry;
        this.definitions = definitions;
        this.names = names;
        this.shared = shared;
        this.claims = claims;
    }

    /** A connection name and the one tenant that it is for. Shared by all copies of a router, as the registry is. */
    private static final class Claim {

        private final TenantId tenant;
        private volatile boolean registered;

        Claim(TenantId tenant) {
            this.tenant = tenant;
        }
    }

    /**
     * A router for one database per tenant, whose connections are named {@code tenant_<id>}.
     *
     * @param registry where the tenants' connections are registered
     * @param definitions where a tenant's database is; called on the first use of a tenant, and must not block. The
     *     definition's own name does not matter. Ids that differ only in case are two tenants: where databases or files are
     *     compared without case, the function has to refuse one of them
     * @return the router
     */
    public static TenantRouter databasePerTenant(
            ReactiveConnectionRegistry registry, Function<TenantId, ConnectionDefinition> definitions) {
        return new TenantRouter(
                Objects.requireNonNull(registry, "registry"),
                Objects.requireNonNull(definitions, "definitions"),
                tenant -> "tenant_" + tenant.value(),
                Set.of(),
                new ConcurrentHashMap<>());
    }

    /**
     * Names the tenants' connections otherwise.
     *
     * @param naming a name of its own for each tenant
     * @return a copy
     */
    public TenantRouter withConnectionNames(Function<TenantId, String> naming) {
        return new TenantRouter(registry, definitions, Objects.requireNonNull(naming, "naming"), shared, claims);
    }

    /**
     * Allows connections that all tenants, and queries without a tenant, may choose by name.
     *
     * @param connectionNames names of the registry, in addition to those that are shared already
     * @return a copy
     */
    public TenantRouter withSharedConnections(String... connectionNames) {
        Set<String> more = new TreeSet<>(shared);
        more.addAll(Set.of(connectionNames));
        return new TenantRouter(registry, definitions, names, Set.copyOf(more), claims);
    }

    @Override
    public Mono<PartialRoute> route(PartialRoute soFar, RouteHints hints) {
        return Mono.fromSupplier(() -> {
            TenantId tenant = hints.get(TenantId.class);
            return tenant == null ? withoutTenant(soFar, hints) : forTenant(tenant, soFar, hints);
        });
    }

    /** {@return true: entities make no difference here} */
    @Override
    public boolean servesAlike(EntityKey held, EntityKey asked) {
        return true;
    }

    /** Another database of a tenant's server, or of a shared connection's, may well be that of another tenant. */
    private static void refuseOverride(String held, @Nullable ConnectionOverride override) {
        if (override != null) {
            throw new RouteConflictException(
                    null,
                    held,
                    "the override " + override,
                    "Where tenants have databases of their own, usingDatabase(..) and usingOptions(..) could reach those of"
                            + " others. Remove it, or register that database and share it with withSharedConnections(..)");
        }
    }

    private PartialRoute withoutTenant(PartialRoute soFar, RouteHints hints) {
        String name = soFar.connectionName();
        boolean chosen = hints.connectionName() != null || hints.asksForDefaultConnection();
        if (chosen && name != null && shared.contains(name)) {
            refuseOverride("of a shared connection", hints.override());
            return soFar;
        }
        throw new NoTenantException(chosen ? name : null);
    }

    private PartialRoute forTenant(TenantId tenant, PartialRoute soFar, RouteHints hints) {
        refuseOverride("of " + tenant, hints.override());
        String own = Objects.requireNonNull(names.apply(tenant), "the name of a tenant's connection");
        String chosen = hints.connectionName();
        if (chosen != null && !chosen.equals(own)) {
            // A router before this one may have led the chosen name elsewhere.
            if (shared.contains(chosen)
                    && shared.contains(Objects.requireNonNullElse(soFar.connectionName(), chosen))) {
                return soFar;
            }
            throw new RouteConflictException(
                    null,
                    "of " + tenant,
                    "connection '" + chosen + "'",
                    "A tenant may use its own connection and the shared ones. Remove the name, or share the connection with"
                            + " withSharedConnections(..)");
        }
        register(tenant, own);
        return soFar.withConnectionName(own).because(() -> "the connection of " + tenant);
    }

    private void register(TenantId tenant, String name) {
        if (shared.contains(name)) {
            throw clash(tenant, "that is shared");
        }
        Claim claim = claims.computeIfAbsent(name, free -> new Claim(tenant));
        if (!claim.tenant.equals(tenant)) {
            throw clash(tenant, "that belongs to another tenant");
        }
        if (!claim.registered || !registry.contains(name)) {
            register(claim, name);
        }
    }

    /** The name is claimed before it is registered: whoever comes second must not leave a definition behind. */
    private void register(Claim claim, String name) {
        synchronized (claim) {
            if (claim.registered && registry.contains(name)) {
                return;
            }
            if (registry.contains(name) || !registry.registerIfAbsent(definition(claim.tenant, name))) {
                throw clash(claim.tenant, "that somebody else registered");
            }
            claim.registered = true;
        }
    }

    private ConnectionDefinition definition(TenantId tenant, String name) {
        return Objects.requireNonNull(definitions.apply(tenant), "the definition of a tenant")
                .withName(name)
                .unlisted();
    }

    private static RouteConflictException clash(TenantId tenant, @Nullable String found) {
        return new RouteConflictException(
                null,
                "of " + tenant,
                "a connection " + found,
                "Each tenant needs a connection name of its own, which this router registers: give withConnectionNames(..) a"
                        + " function that makes one, and use one router and its copies for one registry");
    }
}
