import type { Alarm } from './model'
import { dueAt, isOpen, rings } from './queue'

export const ringEveryMs = 30000
/** The presses on one card that somebody has ring at most once in this time, ms. */
export const againEveryMs = 10000
export type Ring = 'alarm' | 'trouble' | null

/**
 * When to make a sound. At once for an alarm that has newly begun to ring (raised, pressed again, handed back, nobody has
 * Decides when the page makes a sound. The page rings at once for an alarm that starts to ring (raised, pressed again,
 * handed back, not answered), then every 30 s until nothing rings. An owner who is reminded hears the same, but only on
 * the owner's consoles. Each press on a card that somebody has rings at most once in 10 s for each card (P61). A
 * trouble of the page or the centre has its own sound every 30 s, because a red page wakes nobody. This class has no
 * timers: the page asks twice a second and after every event.
 */
export class Ringer {
  /** Those that somebody has and whose wearer has called again since the last ask. */
  again: number[] = []
  #heard = new Map<number, string>()
  #calls = new Map<number, number>()
  /** Cards with a press that has not rung yet. */
  #owed = new Set<number>()
  #againMs = new Map<number, number>()
  #lastMs = Number.NEGATIVE_INFINITY
  #lastTroubleMs = Number.NEGATIVE_INFINITY

  /**
   * @param nowMs monotonic, ms
   * @param trouble the stream is dead (P38), or the centre cannot store an alarm (P31)
   * @param me who is signed in on this page
   */
  ask(nowMs: number, alarms: readonly Alarm[], trouble: boolean, me: number | null): Ring {
    const ringing = alarms.filter((a) => rings(a) || (a.owner?.staffId === me && dueAt(a, 'overdue') !== null))
    const fresh = ringing.some((a) => this.#heard.get(a.id) !== key(a))
    this.#heard = new Map(ringing.map((a) => [a.id, key(a)]))
    const open = alarms.filter((a) => isOpen(a) && !a.drill)
    this.again = open.filter((a) => !rings(a) && a.calls > (this.#calls.get(a.id) ?? Infinity)).map((a) => a.id)
    this.#calls = new Map(open.map((a) => [a.id, a.calls]))
    const pressed = this.#ringAgain(nowMs, open.filter((a) => !rings(a)).map((a) => a.id))
    if (!trouble) this.#lastTroubleMs = Number.NEGATIVE_INFINITY
    if (pressed || (ringing.length > 0 && (fresh || nowMs - this.#lastMs >= ringEveryMs))) {
      this.#lastMs = nowMs
      return 'alarm'
    }
    if (trouble && nowMs - this.#lastTroubleMs >= ringEveryMs) {
      this.#lastTroubleMs = nowMs
      return 'trouble'
    }
    return null
  }

  /**
   * True where a press on one of these cards must ring now. A press that comes too soon after the last ring rings
   * later.
   */
  #ringAgain(nowMs: number, owned: number[]): boolean {
    this.again.forEach((id) => this.#owed.add(id))
    this.#owed = new Set(owned.filter((id) => this.#owed.has(id)))
    this.#againMs = new Map([...this.#againMs].filter(([id]) => owned.includes(id)))
    const due = [...this.#owed].filter((id) => nowMs - (this.#againMs.get(id) ?? Number.NEGATIVE_INFINITY) >= againEveryMs)
    for (const id of due) {
      this.#owed.delete(id)
      this.#againMs.set(id, nowMs)
    }
    return due.length > 0
  }
}

const key = (a: Alarm): string => `${rings(a) ? a.presses : ''}/${a.unanswered}/${a.takenAtMs ?? ''}`

export type SoundState = 'untested' | 'ready' | 'blocked'

/** A context whose clock has stood still for this long makes no sound. */
export const stuckAfterMs = 1000

/**
 * Can this page be heard? Told often what the audio context says. "Running" alone is not believed: where the output
 * device has gone, some browsers keep saying it while the context's clock stands still. That clock moves in steps, and a
 * burst of events asks many times within one: what counts is how long it has stood, not how often it was seen standing.
 */
export class SoundWatch {
  #timeS = -1
  #movedMs = 0

  /**
   * @param contextState AudioContext.state, or null before one exists
   * @param timeS AudioContext.currentTime
   * @param nowMs monotonic, ms
   */
  look(contextState: string | null, timeS: number, nowMs: number): SoundState {
    if (contextState === null) return 'untested'
    if (contextState !== 'running') {
      this.#timeS = -1
      return 'blocked'
    }
    if (timeS > this.#timeS) this.#movedMs = nowMs
    this.#timeS = timeS
    return nowMs - this.#movedMs >= stuckAfterMs ? 'blocked' : 'ready'
  }
}
