/** Tenants. */
package dev.switchboard.tenancy;
