package dev.switchboard.core;

/**
 * How a pool stood at one moment.
 *
 * @param inUse connections that borrowers hold
 * @param idle open connections that nobody holds
 * @param opening connections that are being opened
 * @param waiting borrowers that wait for one
 * @param max the most connections that the pool may hold
 */
public record PoolCounts(int inUse, int idle, int opening, int waiting, int max) {

    /** Those of two pools together. */
    PoolCounts and(PoolCounts other) {
        return new PoolCounts(
                inUse + other.inUse,
                idle + other.idle,
                opening + other.opening,
                waiting + other.waiting,
                max + other.max);
    }
}
