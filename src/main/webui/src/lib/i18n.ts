import i18next from 'i18next'
import { initReactI18next } from 'react-i18next'
import { choose, language, type Language } from './language'

const TEXTS = { en: () => import('@/i18n/en.json'), es: () => import('@/i18n/es.json') }

async function load(lang: Language) {
  if (!i18next.hasResourceBundle(lang, 'translation')) i18next.addResourceBundle(lang, 'translation', (await TEXTS[lang]()).default)
  await i18next.changeLanguage(lang)
  document.documentElement.lang = lang
}

export async function startI18n() {
  await i18next.use(initReactI18next).init({ lng: language(), fallbackLng: false, resources: {}, interpolation: { escapeValue: false }, react: { useSuspense: false } })
  await load(language())
}

export function setLanguage(lang: Language) {
  choose(lang)
  return load(lang)
}
