import { useEffect, useRef } from 'react'

const typing = (target: EventTarget | null) =>
  target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName))

/** Is a dialog or a menu open? Then the keys are its own. */
const covered = () => document.querySelector('[role=dialog][data-modal], [role=menu], [role=alertdialog]') !== null

/**
 * Keys of a screen: `j`, `?`, `g d` (one after the other), `mod+k` (⌘ or Ctrl). Off while somebody types, except with `mod`.
 */
export function useKeys(keys: Record<string, (event: KeyboardEvent) => void>, enabled = true) {
  const latest = useRef(keys)
  useEffect(() => { latest.current = keys })
  useEffect(() => {
    if (!enabled) return
    let first = ''
    let timer = 0
    const listen = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.isComposing) return
      const mod = event.metaKey || event.ctrlKey
      const name = `${mod ? 'mod+' : ''}${event.key.length === 1 ? event.key.toLowerCase() : event.key}`
      if (!mod && (typing(event.target) || covered() || event.altKey)) return
      const action = latest.current[first ? `${first} ${name}` : name] ?? latest.current[name]
      clearTimeout(timer)
      first = ''
      if (action) {
        event.preventDefault()
        action(event)
      } else if (Object.keys(latest.current).some(key => key.startsWith(`${name} `))) {
        first = name
        timer = window.setTimeout(() => { first = '' }, 900)
      }
    }
    document.addEventListener('keydown', listen)
    return () => {
      clearTimeout(timer)
      document.removeEventListener('keydown', listen)
    }
  }, [enabled])
}
