import { describe, expect, it } from 'vitest'
import { ageText, ServerClock, timeText } from '../src/clock'
import { deadAfterMs, Heartbeat } from '../src/heartbeat'

describe('P37: ages', () => {
  it('come from the service\'s clock, so the desk computer\'s may be years wrong', () => {
    const clock = new ServerClock()
    const service = Date.UTC(2026, 1, 28, 23, 59, 50)
    clock.set(service, 5000)
    expect(clock.now(25000)).toBe(service + 20000)
  })
  it('count across 29 February and across an hour that is missing', () => {
    const clock = new ServerClock()
    clock.set(Date.UTC(2028, 1, 29, 12), 0)
    expect(ageText(clock.now(0) - Date.UTC(2028, 1, 28, 12))).toBe('24:00:00')
    // 2026-03-29 01:00 UTC: the clocks of half of Europe jump; a UTC difference does not.
    expect(ageText(Date.UTC(2026, 2, 29, 1, 30) - Date.UTC(2026, 2, 29, 0, 30))).toBe('1:00:00')
  })
  it('read as people count', () => {
    expect([0, 7000, 59999, 60000, 760000, 3600000, 3760000].map(ageText)).toEqual(['0:00', '0:07', '0:59', '1:00', '12:40', '1:00:00', '1:02:40'])
    expect(ageText(-5000)).toBe('0:00')
  })
  it('and times name the day only where it is not today', () => {
    const now = new Date(2026, 4, 6, 12, 0, 0).getTime()
    expect(timeText(new Date(2026, 4, 6, 3, 4, 5).getTime(), now)).toBe('03:04:05')
    expect(timeText(new Date(2026, 4, 5, 23, 59, 0).getTime(), now, false)).toBe('5-05 23:59')
  })
})

describe('P38: a stream that died', () => {
  it('is noticed 15 s after the last event and not before', () => {
    const heart = new Heartbeat(0, 1_000_000)
    expect(heart.isDead(deadAfterMs - 1, 1_000_000 + deadAfterMs - 1)).toBe(false)
    expect(heart.isDead(deadAfterMs, 1_000_000 + deadAfterMs)).toBe(true)
    heart.heard(20000, 1_020_000)
    expect(heart.isDead(30000, 1_030_000)).toBe(false)
  })
  it('is noticed after a sleep in which the monotonic clock stood still', () => {
    const heart = new Heartbeat(1000, 1_000_000)
    expect(heart.isDead(1500, 1_000_000 + 8 * 3600_000)).toBe(true)
  })
  it('cannot be hidden by a wall clock that is set back', () => {
    const heart = new Heartbeat(0, 1_000_000)
    expect(heart.isDead(deadAfterMs, 500_000)).toBe(true)
  })
})
