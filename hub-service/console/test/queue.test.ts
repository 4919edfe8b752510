import { describe, expect, it } from 'vitest'
import { crowd, crowdFrom, order, orderTechnical, selectNext, takeTarget, timelinePage, upsert, withChange } from '../src/queue'
import { alarm, inBuilding, technical } from './make'

const ids = (list: { id: number }[]): number[] => list.map((x) => x.id)

describe('the queue', () => {
  it('puts emergencies before routine before finished, and in each what nobody has first', () => {
    const all = [
      alarm({ id: 1, state: 'closed', closedAtMs: 9000 }),
      alarm({ id: 2, kind: 'inactivity' }),
      alarm({ id: 3, state: 'taken' }),
      alarm({ id: 4, kind: 'fall', state: 'prealarm' }),
      alarm({ id: 5, kind: 'fall' }),
      alarm({ id: 6, drill: true }),
      alarm({ id: 7, kind: 'inactivity', state: 'coming' }),
    ]
    expect(ids(order(all))).toEqual([5, 4, 2, 3, 7, 6, 1])
  })
  it('lets the longest wait come first, and the last closed lead the closed', () => {
    const all = [alarm({ id: 1, raisedAtMs: 3000 }), alarm({ id: 2, raisedAtMs: 1000 }), alarm({ id: 3, state: 'closed', closedAtMs: 10 }), alarm({ id: 4, state: 'cancelled', closedAtMs: 20 })]
    expect(ids(order(all))).toEqual([2, 1, 4, 3])
  })
  it('gives the same order whatever order the alarms came in', () => {
    const all = Array.from({ length: 40 }, (_, i) => alarm({ id: i, raisedAtMs: (i * 37) % 11, kind: i % 3 === 0 ? 'inactivity' : 'sos', state: i % 4 === 0 ? 'taken' : 'ringing' }))
    const reversed = all.slice().reverse()
    expect(ids(order(reversed))).toEqual(ids(order(all)))
  })
  it('shows urgent technical cards first and closed ones not at all', () => {
    const all = [technical({ id: 1, sinceAtMs: 5 }), technical({ id: 2, urgent: true, sinceAtMs: 1 }), technical({ id: 3, closedAtMs: 9 }), technical({ id: 4, sinceAtMs: 7 })]
    expect(ids(orderTechnical(all))).toEqual([2, 4, 1])
  })
})

describe('merging by revision', () => {
  it('adds what is new, replaces what is older, keeps what is newer', () => {
    const one = upsert([], alarm({ id: 1, revision: 2 }))
    expect(upsert(one, alarm({ id: 1, revision: 1, state: 'closed' }))).toBe(one)
    expect(upsert(one, alarm({ id: 1, revision: 2, state: 'closed' }))).toBe(one)
    expect(upsert(one, alarm({ id: 1, revision: 3, state: 'taken' }))[0]!.state).toBe('taken')
    expect(ids(upsert(one, alarm({ id: 2 })))).toEqual([1, 2])
  })
})

describe('P35: a crowd', () => {
  const many = Array.from({ length: 300 }, (_, i) => alarm({ id: i, raisedAtMs: i, resident: inBuilding(String(i % 7)) }))
  it('is grouped by building with every alarm in exactly one group', () => {
    const grouped = crowd(order(many))!
    expect(grouped.groups).toHaveLength(7)
    expect(grouped.groups.flatMap((g) => ids(g.alarms)).sort((a, b) => a - b)).toEqual(ids(many))
    for (const g of grouped.groups) expect(g.alarms.every((a) => a.resident!.building === g.building)).toBe(true)
  })
  it('always names the newest apart, so that it is on the first page', () => {
    for (const count of [crowdFrom, 50, 300]) expect(crowd(order(many.slice(0, count)))!.newest.id).toBe(count - 1)
  })
  it('is not made of a few', () => expect(crowd(many.slice(0, crowdFrom - 1))).toBeNull())
})

describe('which card is shown', () => {
  it('a new alarm never moves the card that is being worked on', () => {
    const shown = alarm({ id: 1, state: 'taken' })
    expect(selectNext(order([shown, alarm({ id: 2 })]), 1, false)).toBe(1)
    expect(selectNext(order([{ ...shown, state: 'closed' }, alarm({ id: 2 })]), 1, true)).toBe(1)
  })
  it('with no card, or a finished one, the first that nobody has is shown', () => {
    const list = order([alarm({ id: 2, raisedAtMs: 5 }), alarm({ id: 3, raisedAtMs: 4 }), alarm({ id: 1, state: 'closed' })])
    expect(selectNext(list, null, false)).toBe(3)
    expect(selectNext(list, 1, false)).toBe(3)
  })
  it('neither a drill, a pre-alarm nor a colleague\'s alarm opens itself', () => {
    expect(selectNext(order([alarm({ drill: true }), alarm({ id: 2, state: 'prealarm' }), alarm({ id: 3, state: 'taken' })]), null, false)).toBeNull()
  })
  it('a finished card stays where nothing waits', () => expect(selectNext([alarm({ id: 1, state: 'closed' })], 1, false)).toBe(1))
})

describe('what Take acts on', () => {
  it('is the card where nobody has it, else the first of the queue', () => {
    const list = order([alarm({ id: 1, raisedAtMs: 1 }), alarm({ id: 2, raisedAtMs: 2 }), alarm({ id: 3, state: 'taken' })])
    expect(takeTarget(list, 2)?.id).toBe(2)
    expect(takeTarget(list, 3)?.id).toBe(1)
    expect(takeTarget(list, null)?.id).toBe(1)
    expect(takeTarget([alarm({ state: 'prealarm' })], 1)).toBeNull()
  })
})

describe('a change of an alarm', () => {
  const line = (id: number, text = '') => ({ id, atMs: id, kind: 'press', who: null, text })
  it('changes what it names and leaves the rest', () => {
    const before = alarm({ presses: 1, notNeeded: true, timeline: [line(1)] })
    const after = withChange(before, { id: 1, revision: 2, presses: 2, timeline: [line(2)] })
    expect(after).toEqual({ ...before, revision: 2, presses: 2, timeline: [line(1), line(2)] })
  })
  it('replaces a line that counts further', () => {
    const after = withChange(alarm({ timeline: [line(1), line(2, '7')] }), { id: 1, revision: 2, timeline: [line(2, '8')] })
    expect(after.timeline).toEqual([line(1), line(2, '8')])
  })
  it('keeps the newest lines and says that there are earlier ones', () => {
    const full = alarm({ timeline: Array.from({ length: timelinePage }, (_, i) => line(i + 1)) })
    const after = withChange(full, { id: 1, revision: 2, timeline: [line(timelinePage + 1)] })
    expect([after.timeline.length, after.timeline[0]!.id, after.hasEarlier]).toEqual([timelinePage, 2, true])
  })
})
