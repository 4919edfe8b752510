/**
 * The service's time on a computer whose own clock may be wrong or stepped (promise P37): the last time the service
 * told, plus what the monotonic clock has counted since.
 */
export class ServerClock {
  #serverMs = 0
  #monotonicMs = 0

  /** @param serverMs the service's clock, ms; @param monotonicMs performance.now() at its arrival. */
  set(serverMs: number, monotonicMs: number): void {
    this.#serverMs = serverMs
    this.#monotonicMs = monotonicMs
  }

  now(monotonicMs: number): number {
    return this.#serverMs + (monotonicMs - this.#monotonicMs)
  }
}

/** Counting age: "0:07", "12:40", "1:02:40". Never negative. */
export function ageText(ms: number): string {
  const s = Math.max(0, Math.floor(ms / 1000))
  const two = (n: number) => String(n).padStart(2, '0')
  const hours = Math.floor(s / 3600)
  return hours > 0 ? `${hours}:${two(Math.floor((s % 3600) / 60))}:${two(s % 60)}` : `${Math.floor(s / 60)}:${two(s % 60)}`
}

/** Wall time of a moment, with the date only where it is not today (both in the computer's time zone). */
export function timeText(atMs: number, nowMs: number, seconds = true): string {
  const at = new Date(atMs)
  const now = new Date(nowMs)
  const two = (n: number) => String(n).padStart(2, '0')
  const time = `${two(at.getHours())}:${two(at.getMinutes())}${seconds ? `:${two(at.getSeconds())}` : ''}`
  const sameDay = at.getFullYear() === now.getFullYear() && at.getMonth() === now.getMonth() && at.getDate() === now.getDate()
  return sameDay ? time : `${at.getMonth() + 1}-${two(at.getDate())} ${time}`
}
