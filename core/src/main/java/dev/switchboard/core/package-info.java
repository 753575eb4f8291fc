/** The connection registry and what stands under it. */
package dev.switchboard.core;
