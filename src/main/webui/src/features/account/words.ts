import { login as en, signup as enSignup, state as enState } from '@/i18n/en.json'
import { login as es, signup as esSignup, state as esState } from '@/i18n/es.json'
import type { Language } from '@/lib/language'

/** What the login says: it is a page of its own and knows no other text. */
export const WORDS = {
  en: { ...en, signup: enSignup.action, away: enState.awayText, failed: enState.failedText },
  es: { ...es, signup: esSignup.action, away: esState.awayText, failed: esState.failedText },
} satisfies Record<Language, Record<string, string>>

export type Word = keyof (typeof WORDS)['en']
