import { computed, reactive } from 'vue'
import { call, Refused } from './api'
import { ServerClock } from './clock'
import { Heartbeat } from './heartbeat'
import type { Alarm, AlarmChange, Alive, Me, Outcome, State, Technical, TimelineEntry, Vitals } from './model'
import { mergeLines, order, orderTechnical, rings, selectNext, takeTarget, upsert, withChange } from './queue'
import { Ringer, type SoundState } from './ringer'
import { Sound } from './sound'

export interface Draft {
  outcome: Outcome | null
  words: string
}

type Session = 'unknown' | 'none' | 'screen' | 'acting'

/** Everything the page knows. Written here only; components read it and call the functions below. */
const pages = ['residents', 'doors'] as const
export type Page = 'alarms' | (typeof pages)[number]

export const store = reactive({
  session: 'unknown' as Session,
  me: null as Me | null,
  role: '',
  manages: false,
  centre: null as State['centre'] | null,
  startedAtMs: 0,
  alarms: [] as Alarm[],
  technical: [] as Technical[],
  alive: null as Alive | null,
  /** The service's time now, ms; moves twice a second. */
  nowMs: 0,
  dead: false,
  silentMs: 0,
  everHeard: false,
  sound: 'untested' as SoundState,
  soundTested: false,
  selectedId: null as number | null,
  /** The close form is open: the card must not change. */
  busy: false,
  page: (pages.find((page) => location.hash === `#${page}`) ?? 'alarms') as Page,
  /** The sign-in bar is shown: for the next person, or for somebody who wants to act at a wall screen. */
  signInAsked: null as 'handOver' | 'wall' | null,
  /** Alarms that somebody has and whose wearer has called again, until their card is opened or worked on. */
  again: [] as number[],
  /** Lines of timelines before those that the alarms bring, by alarm; `more`: there are lines before them. */
  earlier: {} as Record<number, { entries: TimelineEntry[]; more: boolean }>,
  /** Closing words not sent yet, by alarm: they outlive the form, whatever else is opened. */
  drafts: {} as Record<number, Draft>,
  /** What an action was answered with, until the next one. */
  notice: null as { kind: 'taken' | 'failed' | 'signin'; text: string; alarmId: number | null } | null,
  /** For a screen reader: the newest alarm that rings. */
  announced: null as Alarm | null,
  pending: false,
})

export const ordered = computed(() => order(store.alarms))
export const technical = computed(() => orderTechnical(store.technical))
export const ringing = computed(() => ordered.value.filter(rings))
export const target = computed(() => takeTarget(ordered.value, store.selectedId))
/** The centre cannot store an alarm now (promise P31); what a dead stream said last counts no more. */
export const unwritten = computed(() => !store.dead && store.alive?.database.ok === false)
export const selected = computed(() => store.alarms.find((a) => a.id === store.selectedId) ?? null)

/** Earlier lines of one card that a page keeps; beyond them it shows the newest only. */
const earlierAtMost = 1000

export const sound = new Sound()
const clock = new ServerClock()
const ringer = new Ringer()
let heart = new Heartbeat(performance.now(), Date.now())
let source: EventSource | null = null
/** Each alarm as this stream has sent it: what a change changes. An act's answer may be ahead of it. */
let streamed = new Map<number, Alarm>()
let reconnectAtMs = 0

function heard(serverMs: number | null): void {
  heart.heard(performance.now(), Date.now())
  if (serverMs !== null) clock.set(serverMs, performance.now())
  store.everHeard = true
  tick()
}

function changed(): void {
  store.selectedId = selectNext(ordered.value, store.selectedId, store.busy)
  tick()
}

/** Shows an alarm as it is now. Its lines stay where earlier ones are shown, so that none is missing in between. */
function put(alarm: Alarm): void {
  const earlier = store.earlier[alarm.id]
  const shown = store.alarms.find((a) => a.id === alarm.id)
  if (earlier && shown) earlier.entries = mergeLines(earlier.entries, shown.timeline)
  if (earlier && earlier.entries.length > earlierAtMost) delete store.earlier[alarm.id]
  store.alarms = upsert(store.alarms, alarm)
}

/** Asked twice a second by the worker's timer, and after every event. */
export function tick(): void {
  const monotonicMs = performance.now()
  store.nowMs = Math.round(clock.now(monotonicMs))
  store.silentMs = heart.silentMs(monotonicMs, Date.now())
  store.dead = store.session !== 'none' && heart.isDead(monotonicMs, Date.now())
  store.sound = sound.look()
  if (store.session === 'none') return
  const ring = ringer.ask(monotonicMs, store.alarms, store.dead || unwritten.value, store.me?.staffId ?? null)
  if (ringer.again.length > 0) store.again = [...new Set([...store.again, ...ringer.again])]
  if (ring === 'alarm') {
    store.announced = ringing.value.reduce<Alarm | null>((a, b) => (!a || b.raisedAtMs >= a.raisedAtMs ? b : a), null)
    sound.alarm()
  } else if (ring === 'trouble') {
    sound.trouble()
  }
  // A half-open connection never reports an error: where nothing comes, the page itself tries again.
  if (store.dead && monotonicMs >= reconnectAtMs) connect()
}

/** Opens the stream anew; the first event is the whole truth. */
export function connect(): void {
  source?.close()
  reconnectAtMs = performance.now() + 5000
  const stream = new EventSource('/api/events')
  source = stream
  const on = <T>(name: string, take: (data: T) => void): void =>
    stream.addEventListener(name, (event) => take(JSON.parse((event as MessageEvent<string>).data) as T))
  on<State>('state', (state) => {
    Object.assign(store, {
      me: state.me,
      centre: state.centre,
      startedAtMs: state.startedAtMs,
      alarms: state.alarms,
      earlier: {},
      technical: state.technical,
      alive: state.alive,
      session: state.me.canAct ? 'acting' : 'screen',
    })
    streamed = new Map(state.alarms.map((a) => [a.id, a]))
    heard(state.nowMs)
    changed()
  })
  const alarmIs = (alarm: Alarm): void => {
    streamed.set(alarm.id, alarm)
    put(alarm)
    heard(null)
    changed()
  }
  on<Alarm>('alarm', alarmIs)
  on<AlarmChange>('alarmChanged', (change) => {
    const alarm = streamed.get(change.id)
    if (alarm) alarmIs(withChange(alarm, change))
  })
  on<Technical>('technical', (card) => {
    const isNew = card.urgent && card.closedAtMs === null && !store.technical.some((t) => t.id === card.id)
    store.technical = upsert(store.technical, card)
    heard(null)
    if (isNew) sound.technical()
  })
  on<Vitals>('vitals', (vitals) => {
    for (const alarm of [...store.alarms, ...streamed.values()]) if (alarm.resident?.id === vitals.residentId) alarm.vitals = vitals
    heard(null)
  })
  on<Alive>('alive', (alive) => {
    store.alive = alive
    heard(alive.nowMs)
    // The main thread answers because it also rings. A frozen page does not answer, so the centre learns that nobody
    // hears it.
    if (alive.pageId !== null) void call('POST', `/api/events/${alive.pageId}/alive`).catch(() => undefined)
  })
  stream.onerror = () => {
    // Refused for good (no cookie) or gone: ask once which, then let the dead-stream timer speak.
    if (stream.readyState === EventSource.CLOSED) void whoAmI()
  }
}

/** Asks who is signed in; connects where this screen may read. */
export async function whoAmI(): Promise<void> {
  try {
    const me = await call<Me>('GET', '/api/session')
    const before = store.session
    store.me = me
    store.role = me.role ?? ''
    store.manages = me.manages === true
    store.session = me.canAct ? 'acting' : 'screen'
    if (before === 'unknown' || before === 'none') {
      heart = new Heartbeat(performance.now(), Date.now())
      connect()
    }
  } catch (error) {
    if (error instanceof Refused && error.status === 401) {
      // A screen that has shown alarms keeps showing them, red, and asks for sign-in; it never turns into an empty page.
      if (!store.everHeard) store.session = 'none'
      else store.session = 'screen'
    }
  }
}

export async function signIn(name: string, password: string): Promise<void> {
  await whenNotBusy(() => call('POST', '/api/session', { name, password }))
  store.notice = null
  store.signInAsked = null
  await whoAmI()
  connect()
}

/** In a flood of sign-ins the service takes a few at a time and sends the others away for a second. */
async function whenNotBusy(act: () => Promise<unknown>): Promise<void> {
  for (let left = 5; ; left--) {
    try {
      await act()
      return
    } catch (e) {
      if (!(e instanceof Refused) || e.code !== 'busy' || left === 0) throw e
    }
    await new Promise((again) => setTimeout(again, 1000))
  }
}

/** A wall screen goes on reading; any other browser forgets what it has shown. */
export async function signOut(): Promise<void> {
  try {
    await call('DELETE', '/api/session')
  } catch (error) {
    if (!(error instanceof Refused) || error.code !== 'lastScreen') throw error
    store.signInAsked = 'handOver'
    return
  }
  if ((store.me?.screen ?? null) === null) {
    location.reload()
    return
  }
  await whoAmI()
  connect()
}

/** Actions wait for one another: a key pressed while the last one is under way counts, and sees what that one changed. */
let last: Promise<unknown> = Promise.resolve()
function after<T>(work: () => Promise<T> | T): Promise<T> {
  const next = last.then(work)
  last = next.catch(() => undefined)
  return next
}

/** One action on the service; its answer is the new truth, its refusal is told in the notice. */
async function act(alarmId: number | null, path: string, body?: unknown): Promise<boolean> {
  store.pending = true
  store.notice = null
  seen(alarmId)
  try {
    const answer = await call<Alarm | null>('POST', path, body)
    if (answer && typeof answer === 'object' && 'revision' in answer && 'presses' in answer) {
      put(answer)
      changed()
    }
    return true
  } catch (error) {
    if (error instanceof Refused && error.status === 401) {
      if (store.me) store.me.canAct = false
      store.session = 'screen'
      store.notice = { kind: 'signin', text: '', alarmId }
    } else if (error instanceof Refused && error.code === 'taken') {
      store.notice = { kind: 'taken', text: error.takenBy ?? '', alarmId }
    } else {
      store.notice = { kind: 'failed', text: error instanceof Refused ? error.message : '', alarmId }
    }
    return false
  } finally {
    store.pending = false
  }
}

function seen(id: number | null): void {
  store.again = store.again.filter((x) => x !== id)
}

export function select(id: number): void {
  store.selectedId = id
  seen(id)
  store.busy = false
  store.notice = null
  store.page = 'alarms'
}

export function take(): void {
  const alarm = target.value
  if (!alarm) return
  // Seen, not guessed: what Take acts on becomes the card.
  if (alarm.id !== store.selectedId) select(alarm.id)
  store.page = 'alarms'
  void after(() => act(alarm.id, `/api/alarms/${alarm.id}/take`))
}

/** The card's alarm where it is mine to work on. */
export const mine = computed(() => {
  const alarm = selected.value
  return alarm && (alarm.state === 'taken' || alarm.state === 'coming') && alarm.owner?.staffId === store.me?.staffId ? alarm : null
})

export function coming(): void {
  void after(() => mine.value?.state === 'taken' && act(mine.value.id, `/api/alarms/${mine.value.id}/coming`))
}

/** The owner says "I am still on it", which answers a reminder and further presses. */
export function stillOn(): void {
  void after(() => mine.value && act(mine.value.id, `/api/alarms/${mine.value.id}/still-on`))
}

/** Back to ringing: mine, or a colleague's who cannot go on with it. */
export function handBack(): void {
  void after(() => {
    const alarm = selected.value
    if (!alarm || (alarm.state !== 'taken' && alarm.state !== 'coming')) return false
    return act(alarm.id, `/api/alarms/${alarm.id}/handback`)
  })
}

export function close(outcome: Outcome, words: string): Promise<boolean> {
  return after(async () => {
    const alarm = mine.value
    if (!alarm) return false
    const done = await act(alarm.id, `/api/alarms/${alarm.id}/close`, { outcome, words })
    if (done) {
      delete store.drafts[alarm.id]
      store.busy = false
      changed()
    }
    return done
  })
}

export function called(alarm: Alarm, contactId: number | null, result: 'spoke' | 'noAnswer'): void {
  void after(() => act(alarm.id, `/api/alarms/${alarm.id}/call`, contactId === null ? { result } : { contactId, result }))
}

/** Asks for the lines before those that are shown. */
export async function showEarlier(alarm: Alarm): Promise<void> {
  const known = store.earlier[alarm.id]?.entries ?? []
  const first = mergeLines(known, alarm.timeline)[0]
  if (!first) return
  try {
    const page = await call<{ entries: TimelineEntry[]; hasEarlier: boolean }>('GET', `/api/alarms/${alarm.id}/timeline?before=${first.id}`)
    store.earlier[alarm.id] = { entries: mergeLines(page.entries, known), more: page.hasEarlier }
  } catch (error) {
    store.notice = { kind: 'failed', text: error instanceof Refused ? error.message : '', alarmId: alarm.id }
  }
}

export function revokeLink(alarm: Alarm, contactId: number): void {
  void after(() => act(alarm.id, `/api/alarms/${alarm.id}/revoke-link`, { contactId }))
}

export function closeTechnical(card: Technical, words: string): Promise<boolean> {
  return after(() => act(null, `/api/technical/${card.id}/close`, { words }))
}

/** The next alarm that nobody has, after the one that is shown. */
export function next(): void {
  const waiting = ringing.value
  if (waiting.length === 0) return
  const at = waiting.findIndex((a) => a.id === store.selectedId)
  select(waiting[(at + 1) % waiting.length]!.id)
}

export function show(page: Page): void {
  store.page = page
  history.replaceState(null, '', page === 'alarms' ? '#' : `#${page}`)
}

export function openClose(): void {
  void after(() => {
    if (mine.value) store.busy = true
  })
}
