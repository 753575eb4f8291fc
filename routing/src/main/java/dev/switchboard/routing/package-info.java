/** Context routing. */
package dev.switchboard.routing;
