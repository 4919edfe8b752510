import type { Alarm, Technical } from '../src/model'

/** An SOS that rings, raised at 1000 ms, with what the test cares about changed. */
export function alarm(change: Partial<Alarm> = {}): Alarm {
  return {
    id: 1, revision: 1, number: '1', kind: 'sos', state: 'ringing', source: 'band', drill: false, eventAtMs: 1000, ageQuality: 'measured', raisedAtMs: 1000,
    deadlineAtMs: null, presses: 1, notNeeded: false, unanswered: false, owner: null, takenAtMs: null, comingAtMs: null, closedAtMs: null, outcome: null,
    closingWords: null, resident: null, otherResident: null, contacts: [], vitals: null, wrist: null, band: null, hub: null, linked: [], timeline: [], hasEarlier: false, timers: [], calls: change.presses ?? 1, ...change,
  }
}

export function technical(change: Partial<Technical> = {}): Technical {
  return { id: 1, revision: 1, kind: 'hubSilent', urgent: false, sinceAtMs: 1000, closedAtMs: null, residentId: null, residentName: null, place: null, hubId: 'h1', bandId: null, detail: null, ...change }
}

/** Lives in that building. */
export const inBuilding = (building: string): Alarm['resident'] => ({
  id: 1, name: '甲', nameEn: '', birthYear: null, phone: '', address: '', building, floor: '', door: '', keys: '', hearing: '', dialect: '', medical: '', firstQuestion: '',
})
