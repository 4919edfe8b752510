import { describe, expect, it } from 'vitest'
import { Ringer, ringEveryMs, SoundWatch } from '../src/ringer'
import { alarm } from './make'

describe('the sound', () => {
  it('begins at once and comes again every 30 s until the alarm is taken', () => {
    const ringer = new Ringer()
    const rung: number[] = []
    for (let t = 0; t <= 95000; t += 500) if (ringer.ask(t, [alarm({ state: t < 70000 ? 'ringing' : 'taken' })], false) === 'alarm') rung.push(t)
    expect(rung).toEqual([0, ringEveryMs, 2 * ringEveryMs])
  })
  it('does not wait for its turn when another alarm comes, the key is pressed again, or nobody has answered', () => {
    const ringer = new Ringer()
    expect(ringer.ask(0, [alarm()], false)).toBe('alarm')
    expect(ringer.ask(5000, [alarm(), alarm({ id: 2 })], false)).toBe('alarm')
    expect(ringer.ask(6000, [alarm({ presses: 2 }), alarm({ id: 2 })], false)).toBe('alarm')
    expect(ringer.ask(7000, [alarm({ presses: 2 }), alarm({ id: 2, unanswered: true })], false)).toBe('alarm')
    expect(ringer.ask(8000, [alarm({ presses: 2 }), alarm({ id: 2, unanswered: true })], false)).toBeNull()
  })
  it('comes back at once when a taken alarm is handed back', () => {
    const ringer = new Ringer()
    ringer.ask(0, [alarm()], false)
    expect(ringer.ask(1000, [alarm({ state: 'taken' })], false)).toBeNull()
    expect(ringer.ask(2000, [alarm()], false)).toBe('alarm')
  })
  it('is not made for a pre-alarm, a drill or a closed one', () => {
    const quiet = [alarm({ state: 'prealarm' }), alarm({ id: 2, drill: true }), alarm({ id: 3, state: 'closed' }), alarm({ id: 4, state: 'cancelled' })]
    expect(new Ringer().ask(0, quiet, false)).toBeNull()
  })
  it('of a dead page is its own, at once and every 30 s', () => {
    const ringer = new Ringer()
    const rung: number[] = []
    for (let t = 0; t <= 65000; t += 500) if (ringer.ask(t, [], t >= 1000) === 'dead') rung.push(t)
    expect(rung).toEqual([1000, 1000 + ringEveryMs, 1000 + 2 * ringEveryMs])
  })
})

describe('whether the page can be heard', () => {
  it('is unknown before the first context and refused while the browser suspends it', () => {
    const watch = new SoundWatch()
    expect(watch.look(null, 0)).toBe('untested')
    expect(watch.look('suspended', 0)).toBe('blocked')
    expect(watch.look('running', 0.1)).toBe('ready')
    expect(watch.look('interrupted', 0.5)).toBe('blocked')
  })
  it('is refused where the context says "running" but its clock stands still', () => {
    const watch = new SoundWatch()
    expect([1, 2, 2, 2].map((s) => watch.look('running', s))).toEqual(['ready', 'ready', 'ready', 'blocked'])
    expect(watch.look('running', 2.5)).toBe('ready')
  })
})
