/** Routes on threads, by Micrometer's context propagation; an optional dependency that nothing else knows. */
package dev.switchboard.routing.propagation;
