import { describe, expect, it } from 'vitest'
import { againEveryMs, Ringer, ringEveryMs, SoundWatch, stuckAfterMs } from '../src/ringer'
import type { Alarm } from '../src/model'
import { alarm } from './make'

describe('the sound', () => {
  it('begins at once and comes again every 30 s until the alarm is taken', () => {
    const ringer = new Ringer()
    const rung: number[] = []
    for (let t = 0; t <= 95000; t += 500) if (ringer.ask(t, [alarm({ state: t < 70000 ? 'ringing' : 'taken' })], false, null) === 'alarm') rung.push(t)
    expect(rung).toEqual([0, ringEveryMs, 2 * ringEveryMs])
  })
  it('does not wait for its turn when another alarm comes, the key is pressed again, or nobody has answered', () => {
    const ringer = new Ringer()
    expect(ringer.ask(0, [alarm()], false, null)).toBe('alarm')
    expect(ringer.ask(5000, [alarm(), alarm({ id: 2 })], false, null)).toBe('alarm')
    expect(ringer.ask(6000, [alarm({ presses: 2 }), alarm({ id: 2 })], false, null)).toBe('alarm')
    expect(ringer.ask(7000, [alarm({ presses: 2 }), alarm({ id: 2, unanswered: true })], false, null)).toBe('alarm')
    expect(ringer.ask(8000, [alarm({ presses: 2 }), alarm({ id: 2, unanswered: true })], false, null)).toBeNull()
  })
  it('comes back at once when a taken alarm is handed back', () => {
    const ringer = new Ringer()
    ringer.ask(0, [alarm()], false, null)
    expect(ringer.ask(1000, [alarm({ state: 'taken' })], false, null)).toBeNull()
    expect(ringer.ask(2000, [alarm()], false, null)).toBe('alarm')
  })
  it('is not made for a pre-alarm, a drill or a closed one', () => {
    const quiet = [alarm({ state: 'prealarm' }), alarm({ id: 2, drill: true }), alarm({ id: 3, state: 'closed' }), alarm({ id: 4, state: 'cancelled' })]
    expect(new Ringer().ask(0, quiet, false, null)).toBeNull()
  })
  it('is made once when the wearer of a taken alarm calls again: by the key, or by a press that ends a fall\'s countdown', () => {
    const ringer = new Ringer()
    const taken = (change: Partial<Alarm>): Alarm[] => [alarm({ state: 'taken', ...change })]
    expect(ringer.ask(0, taken({ presses: 3 }), false, null), 'a page that has just been opened').toBeNull()
    expect(ringer.ask(500, taken({ presses: 4 }), false, null)).toBe('alarm')
    expect(ringer.again).toEqual([1])
    for (let t = 1000; t <= 65000; t += 500) expect(ringer.ask(t, taken({ presses: 4 }), false, null)).toBeNull()
    expect(ringer.again).toEqual([])
    expect(ringer.ask(65500, taken({ state: 'coming', presses: 4, calls: 5 }), false, null)).toBe('alarm')
    expect(ringer.again).toEqual([1])
  })
  it('P61: for presses on a card that somebody has is made at most once in 10 s, and the last press is heard', () => {
    const ringer = new Ringer()
    const rung: number[] = []
    for (let t = 0; t <= 40000; t += 500) {
      const presses = t < 1000 ? 1 : 1 + Math.min(t, 14000) / 500 // a press every half second, until 14 s
      if (ringer.ask(t, [alarm({ state: 'taken', presses })], false, null) === 'alarm') rung.push(t)
    }
    expect(rung).toEqual([1000, 1000 + againEveryMs, 1000 + 2 * againEveryMs])
    const one = (presses: number) => alarm({ id: 1, state: 'taken', presses })
    const two = (presses: number) => alarm({ id: 2, state: 'coming', presses })
    expect([ringer.ask(41000, [one(29), two(1)], false, null), ringer.ask(42000, [one(30), two(1)], false, null)]).toEqual([null, 'alarm'])
    expect(ringer.ask(43000, [one(30), two(2)], false, null), 'another card does not wait').toBe('alarm')
  })
  it('P61: reminds the owner at once and every 30 s, and nobody else', () => {
    const reminded = [alarm({ state: 'taken', owner: { staffId: 1, displayName: 'Li' }, timers: [{ kind: 'overdue', dueAtMs: 99000 }] })]
    const rung = (me: number) => {
      const ringer = new Ringer()
      return [0, 500, 30000, 45000].map((t) => ringer.ask(t, reminded, false, me))
    }
    expect(rung(1)).toEqual(['alarm', null, 'alarm', null])
    expect(rung(2)).toEqual([null, null, null, null])
  })
  it('is not lost where the take and the second press come together, nor made for a drill or after the end', () => {
    const ringer = new Ringer()
    ringer.ask(0, [alarm(), alarm({ id: 2, drill: true, state: 'taken' }), alarm({ id: 3, state: 'taken' })], false, null)
    const then = [alarm({ state: 'taken', presses: 2 }), alarm({ id: 2, drill: true, state: 'taken', presses: 2 }), alarm({ id: 3, state: 'closed', presses: 2 })]
    expect(ringer.ask(500, then, false, null)).toBe('alarm')
    expect(ringer.again).toEqual([1])
  })
  it('of a second press on an alarm that still rings needs no mark: it is red already', () => {
    const ringer = new Ringer()
    ringer.ask(0, [alarm()], false, null)
    expect(ringer.ask(500, [alarm({ presses: 2 })], false, null)).toBe('alarm')
    expect(ringer.again).toEqual([])
  })
  it('of a trouble does not hide behind an alarm, nor an alarm behind it', () => {
    const ringer = new Ringer()
    expect([0, 500, 1000].map((t) => ringer.ask(t, [alarm()], true, null))).toEqual(['alarm', 'trouble', null])
    expect(ringer.ask(1500, [alarm({ presses: 2 })], true, null)).toBe('alarm')
  })
  it('of a dead page is its own, at once and every 30 s', () => {
    const ringer = new Ringer()
    const rung: number[] = []
    for (let t = 0; t <= 65000; t += 500) if (ringer.ask(t, [], t >= 1000, null) === 'trouble') rung.push(t)
    expect(rung).toEqual([1000, 1000 + ringEveryMs, 1000 + 2 * ringEveryMs])
  })
})

describe('whether the page can be heard', () => {
  it('is unknown before the first context and refused while the browser suspends it', () => {
    const watch = new SoundWatch()
    expect(watch.look(null, 0, 0)).toBe('untested')
    expect(watch.look('suspended', 0, 500)).toBe('blocked')
    expect(watch.look('running', 0.1, 1000)).toBe('ready')
    expect(watch.look('interrupted', 0.5, 1500)).toBe('blocked')
  })
  it('is refused where the context says "running" but its clock stands still', () => {
    const watch = new SoundWatch()
    const at = (timeS: number, nowMs: number) => watch.look('running', timeS, nowMs)
    expect([at(1, 0), at(2, 1000), at(2, 1500), at(2, 1000 + stuckAfterMs)]).toEqual(['ready', 'ready', 'ready', 'blocked'])
    expect(at(2.5, 3000)).toBe('ready')
  })
  it('is not doubted by a burst of events within one step of that clock', () => {
    const watch = new SoundWatch()
    for (let ms = 0; ms < 100; ms++) expect(watch.look('running', 7, ms)).toBe('ready')
  })
})
