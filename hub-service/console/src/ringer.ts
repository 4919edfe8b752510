import type { Alarm } from './model'
import { rings } from './queue'

export const ringEveryMs = 30000
export type Ring = 'alarm' | 'dead' | null

/**
 * When to make a sound. At once for an alarm that has newly begun to ring (raised, pressed again, handed back, nobody has
 * answered), then every 30 s until nothing rings; a dead stream has its own sound at the same pace, because a red page
 * wakes nobody. Holds no timers: it is asked every second.
 */
export class Ringer {
  #heard = new Map<number, string>()
  #lastMs = Number.NEGATIVE_INFINITY
  #lastDeadMs = Number.NEGATIVE_INFINITY

  /** @param nowMs monotonic, ms */
  ask(nowMs: number, alarms: readonly Alarm[], dead: boolean): Ring {
    const ringing = alarms.filter(rings)
    const fresh = ringing.some((a) => this.#heard.get(a.id) !== key(a))
    this.#heard = new Map(ringing.map((a) => [a.id, key(a)]))
    if (!dead) this.#lastDeadMs = Number.NEGATIVE_INFINITY
    if (ringing.length > 0 && (fresh || nowMs - this.#lastMs >= ringEveryMs)) {
      this.#lastMs = nowMs
      return 'alarm'
    }
    if (dead && nowMs - this.#lastDeadMs >= ringEveryMs) {
      this.#lastDeadMs = nowMs
      return 'dead'
    }
    return null
  }
}

const key = (a: Alarm): string => `${a.presses}/${a.unanswered}/${a.takenAtMs ?? ''}`

export type SoundState = 'untested' | 'ready' | 'blocked'

/**
 * Can this page be heard? Told every second what the audio context says. "Running" alone is not believed: where the
 * output device has gone, some browsers keep saying it while the context's clock stands still.
 */
export class SoundWatch {
  #lastTimeS = -1
  #stuck = 0

  /**
   * @param contextState AudioContext.state, or null before one exists
   * @param timeS AudioContext.currentTime
   */
  look(contextState: string | null, timeS: number): SoundState {
    if (contextState === null) return 'untested'
    if (contextState !== 'running') {
      this.#lastTimeS = -1
      return 'blocked'
    }
    this.#stuck = timeS > this.#lastTimeS ? 0 : this.#stuck + 1
    this.#lastTimeS = timeS
    return this.#stuck >= 2 ? 'blocked' : 'ready'
  }
}
