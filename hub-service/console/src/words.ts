import { useI18n } from 'vue-i18n'
import { ageText } from './clock'
import type { Alarm, Resident } from './model'
import { store } from './store'

/** What several components say in the same words. */
export function useWords() {
  const { t, te, locale } = useI18n()
  const part = (key: string, value: string | null): string =>
    value === null || value === '' ? '' : /^[\dA-Za-z-]+$/.test(value) ? t(key, { n: value }) : value

  /** "3 号楼 5 层 502 室": what the officer says into the telephone. Plain numbers get their word, other text stays. */
  const place = (r: Resident | null): string => {
    if (!r) return t('card.noAddress')
    const parts = [part('card.building', r.building), part('card.floor', r.floor), part('card.door', r.door)].filter((x) => x !== '')
    return parts.length > 0 ? parts.join(locale.value === 'zh' ? ' ' : ', ') : (r.address ?? t('card.noAddress'))
  }

  const name = (r: Resident | null): string =>
    r ? (locale.value === 'en' && r.nameEn ? `${r.nameEn} ${r.name}` : r.name) : t('card.unknown')

  const kind = (a: Alarm): string => (a.state === 'prealarm' ? t('prealarm.fall') : t(`kind.${a.kind}`))

  /** Counting age since the event, with how well it is known; for a finished alarm its age when it ended. */
  const age = (a: Alarm): string => {
    const quality = a.ageQuality === 'measured' ? '' : `${t(`card.${a.ageQuality}`)} `
    return quality + ageText((a.closedAtMs ?? store.nowMs) - a.eventAtMs)
  }

  const since = (atMs: number | null | undefined): string => (atMs == null ? t('empty.never') : ageText(store.nowMs - atMs))

  /** The wording of a code where there is one, else what the service said. */
  const worded = (prefix: string, code: string, otherwise: string): string => (code !== '' && te(`${prefix}.${code}`) ? t(`${prefix}.${code}`) : otherwise)

  return { t, te, locale, place, name, kind, age, since, worded }
}
