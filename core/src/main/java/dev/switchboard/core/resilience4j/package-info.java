/** Circuit breakers of Resilience4j for addresses. For programs that have Resilience4j; nothing else needs this package. */
package dev.switchboard.core.resilience4j;
