export type Theme = 'auto' | 'light' | 'dark'
const KEY = 'kvasir.theme'
const dark = matchMedia('(prefers-color-scheme: dark)')
const listeners = new Set<() => void>()

export const theme = (): Theme => {
  const value = localStorage.getItem(KEY)
  return value === 'light' || value === 'dark' ? value : 'auto'
}

function paint() {
  const chosen = theme()
  document.documentElement.dataset.theme = chosen === 'auto' ? (dark.matches ? 'dark' : 'light') : chosen
  for (const listener of listeners) listener()
}

/** Follows the system until the person chooses otherwise. */
export function startTheme() {
  dark.addEventListener('change', paint)
  paint()
}

export function setTheme(theme: Theme) {
  if (theme === 'auto') localStorage.removeItem(KEY)
  else localStorage.setItem(KEY, theme)
  paint()
}

export const onTheme = (listener: () => void) => {
  listeners.add(listener)
  return () => { listeners.delete(listener) }
}
