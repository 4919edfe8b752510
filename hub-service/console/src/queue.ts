import type { Alarm, AlarmChange, Technical, TimelineEntry, TimerKind } from './model'

/** Lines of a timeline that a card keeps; earlier ones are asked for. */
export const timelinePage = 50

/** The lines of both by id, those of `newer` where both have one; oldest first. */
export function mergeLines(older: readonly TimelineEntry[], newer: readonly TimelineEntry[]): TimelineEntry[] {
  const lines = new Map([...older, ...newer].map((line) => [line.id, line]))
  return [...lines.values()].sort((a, b) => a.id - b.id)
}

/** The alarm after a change. A card that is called on without end keeps its newest lines only. */
export function withChange(alarm: Alarm, change: AlarmChange): Alarm {
  const lines = mergeLines(alarm.timeline, change.timeline ?? [])
  return {
    ...alarm,
    ...change,
    timeline: lines.slice(-timelinePage),
    hasEarlier: (change.hasEarlier ?? alarm.hasEarlier) || lines.length > timelinePage,
  }
}

/** Puts an item in by id; an older or equal revision changes nothing (events may overtake each other). */
export function upsert<T extends { id: number; revision: number }>(list: T[], item: T): T[] {
  const at = list.findIndex((x) => x.id === item.id)
  if (at < 0) return [...list, item]
  if (list[at]!.revision >= item.revision) return list
  const copy = list.slice()
  copy[at] = item
  return copy
}

export const isOpen = (a: Alarm): boolean => a.state !== 'closed' && a.state !== 'cancelled'

/** Rings on this screen: nobody has it, and it is not a drill. */
export const rings = (a: Alarm): boolean => a.state === 'ringing' && !a.drill

/** When this timer of the alarm is due, UTC ms; null where the alarm has no such timer. */
export const dueAt = (a: Alarm, kind: TimerKind): number | null => a.timers.find((x) => x.kind === kind)?.dueAtMs ?? null

/**
 * Rank in the queue: emergency before routine before technical (UL 2560), and in each first what nobody has. A pre-alarm
 * is an emergency that may still be withdrawn, so it follows the real ones; a drill is never in front of a person.
 */
export function rank(a: Alarm): number {
  if (!isOpen(a)) return 9
  if (a.drill) return 7
  const routine = a.kind === 'inactivity' ? 1 : 0
  if (a.state === 'ringing') return routine ? 2 : 0
  if (a.state === 'prealarm') return 1
  return routine ? 4 : 3
}

/** The queue's order: by rank; open ones longest waiting first, finished ones newest first. */
export function order(alarms: readonly Alarm[]): Alarm[] {
  return alarms.slice().sort((a, b) => {
    const byRank = rank(a) - rank(b)
    if (byRank !== 0) return byRank
    if (!isOpen(a)) return (b.closedAtMs ?? b.raisedAtMs) - (a.closedAtMs ?? a.raisedAtMs) || b.id - a.id
    return a.raisedAtMs - b.raisedAtMs || a.id - b.id
  })
}

export function orderTechnical(cards: readonly Technical[]): Technical[] {
  return cards
    .filter((t) => t.closedAtMs === null)
    .sort((a, b) => Number(b.urgent) - Number(a.urgent) || b.sinceAtMs - a.sinceAtMs || b.id - a.id)
}

/** From this many alarms that nobody has, the queue is drawn compactly and grouped by building (promise P35). */
export const crowdFrom = 6

export interface Group {
  building: string
  alarms: Alarm[]
}

/**
 * A crowd, by building: the building with the longest wait first, so that one officer can walk one house. The newest is
 * returned apart: it is pinned above the groups and never off the first page.
 */
export function crowd(ringing: readonly Alarm[]): { newest: Alarm; groups: Group[] } | null {
  if (ringing.length < crowdFrom) return null
  const groups = new Map<string, Group>()
  for (const alarm of ringing) {
    const building = alarm.resident?.building ?? ''
    const group = groups.get(building)
    if (group) group.alarms.push(alarm)
    else groups.set(building, { building, alarms: [alarm] })
  }
  const newest = ringing.reduce((a, b) => (b.raisedAtMs > a.raisedAtMs || (b.raisedAtMs === a.raisedAtMs && b.id > a.id) ? b : a))
  return { newest, groups: [...groups.values()] }
}

/** What Take acts on: the card that is shown where nobody has it, else the first in the queue that nobody has. */
export function takeTarget(ordered: readonly Alarm[], selectedId: number | null): Alarm | null {
  const ringing = ordered.filter((a) => a.state === 'ringing')
  return ringing.find((a) => a.id === selectedId) ?? ringing[0] ?? null
}

/**
 * Which card is shown after a change. A card that is shown stays (a new alarm never moves the one under the officer's
 * hands), until it is finished *and* nobody is working on it; only then, or with no card, the next one is shown by itself.
 */
export function selectNext(ordered: readonly Alarm[], selectedId: number | null, busy: boolean): number | null {
  const selected = ordered.find((a) => a.id === selectedId)
  if (selected && (busy || isOpen(selected))) return selected.id
  const waiting = ordered.find((a) => rings(a))
  if (waiting) return waiting.id
  return selected ? selected.id : null
}
