/** Without any event for this long the page no longer knows the truth and says so (promise P38). */
export const deadAfterMs = 15000

/**
 * Is the stream alive? Judged by the page's own timers on two clocks: the monotonic one cannot be stepped, but may stand
 * still while the machine sleeps; the wall clock counts sleep. The longer silence is believed, so a page that wakes up is
 * red until the next event, and a stepped clock costs at most one false red until the next beat (5 s).
 */
export class Heartbeat {
  #monotonicMs: number
  #wallMs: number

  /** A page that has never heard anything starts counting at once. */
  constructor(monotonicMs: number, wallMs: number) {
    this.#monotonicMs = monotonicMs
    this.#wallMs = wallMs
  }

  heard(monotonicMs: number, wallMs: number): void {
    this.#monotonicMs = monotonicMs
    this.#wallMs = wallMs
  }

  silentMs(monotonicMs: number, wallMs: number): number {
    return Math.max(monotonicMs - this.#monotonicMs, wallMs - this.#wallMs)
  }

  isDead(monotonicMs: number, wallMs: number): boolean {
    return this.silentMs(monotonicMs, wallMs) >= deadAfterMs
  }
}
