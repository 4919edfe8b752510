import { createI18n } from 'vue-i18n'
import en from './locales/en'
import zh from './locales/zh'

export type Language = 'zh' | 'en'
const stored = 'eb.language'

/** Chinese unless this computer has been switched to English. */
const saved: Language = localStorage.getItem(stored) === 'en' ? 'en' : 'zh'

export const i18n = createI18n({ legacy: false, locale: saved, fallbackLocale: 'zh', messages: { zh, en } })

export function setLanguage(language: Language): void {
  i18n.global.locale.value = language
  localStorage.setItem(stored, language)
  document.documentElement.lang = language === 'zh' ? 'zh-CN' : 'en'
}

document.documentElement.lang = saved === 'zh' ? 'zh-CN' : 'en'
