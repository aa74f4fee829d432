import i18next from 'i18next'

const lang = () => i18next.language || 'en'

/** Formats are dear to make and cheap to use: each is made once. */
const made = new Map<string, Intl.NumberFormat | Intl.DateTimeFormat | Intl.RelativeTimeFormat>()
function once<F extends Intl.NumberFormat | Intl.DateTimeFormat | Intl.RelativeTimeFormat>(kind: string, make: (lang: string) => F): F {
  const key = `${kind} ${lang()}`
  let format = made.get(key)
  if (!format) made.set(key, (format = make(lang())))
  return format as F
}

export const number = (value: number, digits = 0) => once(`number ${digits}`, l => new Intl.NumberFormat(l, { maximumFractionDigits: digits })).format(value)

export function bytes(value: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB']
  let unit = 0
  let rest = value
  while (rest >= 999.5 && unit < units.length - 1) {
    rest /= 1000
    unit++
  }
  return `${number(rest, rest < 10 && unit > 0 ? 1 : 0)} ${units[unit]}`
}

export const ms = (value: number) => (value >= 1000 ? `${number(value / 1000, 2)} s` : `${number(value, value < 10 ? 1 : 0)} ms`)

export const date = (iso: string) => once('date', l => new Intl.DateTimeFormat(l, { dateStyle: 'medium', timeStyle: 'short' })).format(new Date(iso))

const STEPS: [Intl.RelativeTimeFormatUnit, number][] = [['year', 31_536_000], ['month', 2_592_000], ['day', 86_400], ['hour', 3_600], ['minute', 60]]

export function ago(iso: string, now = Date.now()): string {
  const seconds = (new Date(iso).getTime() - now) / 1000
  const format = once('ago', l => new Intl.RelativeTimeFormat(l, { numeric: 'auto', style: 'short' }))
  for (const [unit, size] of STEPS) if (Math.abs(seconds) >= size) return format.format(Math.round(seconds / size), unit)
  return format.format(0, 'second')
}
