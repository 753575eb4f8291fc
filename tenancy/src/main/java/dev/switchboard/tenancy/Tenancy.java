package dev.switchboard.tenancy;

import dev.switchboard.routing.RoutingHint;

/** The hint of a tenant, for static import: {@code chain.contextWrite(usingTenant("acme"))}. */
public final class Tenancy {

    private Tenancy() {}

    /**
     * Everything above runs for this tenant.
     *
     * @param id 1 to 63 characters of {@code A-Z a-z 0-9 _ -}
     * @return the hint
     * @throws InvalidTenantIdException if the id has another form
     */
    public static RoutingHint usingTenant(String id) {
        return TenantId.of(id);
    }
}
