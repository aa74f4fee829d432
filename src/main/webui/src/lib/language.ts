export type Language = 'en' | 'es'
export const LANGUAGES: Record<Language, string> = { en: 'English', es: 'Español' }
const KEY = 'kvasir.language'

/** The language that was chosen here, else the browser's, else English. */
export function language(): Language {
  const chosen = localStorage.getItem(KEY) ?? navigator.language
  return chosen.startsWith('es') ? 'es' : 'en'
}

export const choose = (lang: Language) => localStorage.setItem(KEY, lang)
