// What time it is. Everything that reads the time takes a Clock, so that a test can move it.

/** Milliseconds since the epoch, UTC. */
export type Clock = { nowMs: () => number }

export const systemClock: Clock = { nowMs: () => Date.now() }
