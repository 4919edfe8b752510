// The shapes of docs/service-api.md. Times are UTC milliseconds of the service's clock, never of this computer's.

export type AlarmKind = 'sos' | 'fall' | 'inactivity'
export type AlarmState = 'prealarm' | 'ringing' | 'taken' | 'coming' | 'closed' | 'cancelled'
export type Outcome = 'phoneOk' | 'familyGoing' | 'officerSent' | 'ambulance' | 'falseAlarm' | 'drill' | 'other'

/** In the order of the keys 1-7. */
export const outcomes: Outcome[] = ['phoneOk', 'familyGoing', 'officerSent', 'ambulance', 'falseAlarm', 'drill', 'other']

/** What an open alarm waits for. */
export type TimerKind = 'deadline' | 'ring' | 'unanswered' | 'noConsole' | 'answer' | 'remind' | 'overdue'

export interface Person {
  staffId: number
  displayName: string
}

export interface Message {
  id: number
  reason: string
  sentAtMs: number | null
  deliveredAtMs: number | null
  openedAtMs: number | null
  failedAtMs: number | null
  attempts: number
  lastError: string | null
}

export interface Contact {
  id: number
  order: number
  name: string
  relation: string
  phone: string
  messages: Message[]
}

export interface Vitals {
  residentId: number
  atMs: number
  bpm: number | null
  confidence: number | null
  refusal: string | null
  spo2Pct: number | null
  spo2Refusal: string | null
  wear: 'on' | 'maybe' | 'off'
  activity: number | null
  steps: number | null
}

export interface TimelineEntry {
  id: number
  atMs: number
  kind: string
  who: string | null
  text: string | null
}

export interface Resident {
  id: number
  name: string
  nameEn: string | null
  birthYear: number | null
  phone: string | null
  address: string | null
  building: string | null
  floor: string | null
  door: string | null
  keys: string | null
  hearing: string | null
  dialect: string | null
  medical: string | null
  firstQuestion: string | null
}

export interface Alarm {
  id: number
  revision: number
  number: string
  kind: AlarmKind
  state: AlarmState
  source: 'band' | 'hubKey' | 'phone' | 'staff'
  drill: boolean
  eventAtMs: number
  ageQuality: 'measured' | 'about' | 'atLeast'
  raisedAtMs: number
  deadlineAtMs: number | null
  presses: number
  /** How often the wearer has called: presses, and falls whose countdown a press has ended. Only rises. */
  calls: number
  notNeeded: boolean
  unanswered: boolean
  owner: Person | null
  takenAtMs: number | null
  comingAtMs: number | null
  closedAtMs: number | null
  /** An Outcome, or merged: an SOS has taken this fall over. */
  outcome: string | null
  closingWords: string | null
  resident: Resident | null
  /** An earlier wearer of the band, where the time does not tell whose press it was. */
  otherResident: Resident | null
  contacts: Contact[]
  vitals: Vitals | null
  wrist: { stage: number; shownAtMs: number | null; wantedStage: number } | null
  band: { id: number; label: string; batteryPct: number | null; lastHeardAtMs: number | null } | null
  hub: { id: number | string; lastHeardAtMs: number | null } | null
  linked: number[]
  /** The newest lines, oldest first. */
  timeline: TimelineEntry[]
  /** There are lines before those. */
  hasEarlier: boolean
  timers: { kind: TimerKind; dueAtMs: number }[]
}

/** What has changed of an alarm: the properties that did, and of the timeline the lines that are new or changed. */
export type AlarmChange = Partial<Alarm> & { id: number }

export interface Technical {
  id: number
  revision: number
  kind: string
  urgent: boolean
  sinceAtMs: number
  closedAtMs: number | null
  residentId: number | null
  residentName: string | null
  place: string | null
  hubId: number | string | null
  bandId: number | string | null
  detail: string | null
}

export interface Alive {
  nowMs: number
  hubs: { total: number; heard: number; lastHeardAtMs: number | null; silent: { id: number | string; place: string | null; lastHeardAtMs: number | null }[] }
  bands: { total: number; heard: number; lastHeardAtMs: number | null; silent: { id: number | string; residentName: string | null; lastHeardAtMs: number | null }[] }
  database: { ok: boolean; lastCommitAtMs: number | null }
  consoles: number
  lastAlarmAtMs: number | null
  /** Id that the page names when it answers this sign of life; null outside an event stream. */
  pageId: string | null
}

export interface Me {
  staffId: number
  displayName: string
  canAct: boolean
  /** Name of the wall screen that this browser is. */
  screen: string | null
  role?: string
  /** An administrator at a listener that is open for enrolment. */
  manages?: boolean
}

export interface State {
  nowMs: number
  startedAtMs: number
  centre: { id: string | number; name: string; phone: string | null }
  me: Me
  alarms: Alarm[]
  technical: Technical[]
  alive: Alive
}

export interface FamilyView {
  number: string
  kind: AlarmKind
  residentName: string
  state: AlarmState
  raisedAtMs: number
  nowMs: number
  unanswered: boolean
  who: string | null
  takenAtMs: number | null
  comingAtMs: number | null
  closedAtMs: number | null
  closingWords: string | null
  callResident: string | null
  callCentre: string | null
  timeline: { atMs: number; kind: string; who: string | null }[]
}
