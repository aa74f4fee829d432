import { useEffect, useRef, useState } from 'react'
import { exchange } from './exchange'
import { Growing } from './growing'
import { LINE } from './line'
import { grown, type Turn } from './turn'

/** A reply that somebody else asked for, word by word as it is written. @returns null while nothing is */
export function useFollowed(conversation: string, last: Turn | undefined): { turn: Turn; growing: Growing } | null {
  const [shown, setShown] = useState<{ turn: Turn; growing: Growing } | null>(null)
  const begin = useRef(last)
  useEffect(() => { begin.current = last })
  const running = last && !last.over ? last.turnId : null
  useEffect(() => {
    let before = begin.current
    if (!running || !before) return
    const leave = new AbortController()
    const growing = new Growing()
    setShown({ turn: before, growing })
    // Where it cannot be followed the list of messages still tells how it ended.
    exchange(LINE, conversation, before, false, turn => {
      growing.put(turn.text)
      if (!grown(before!, turn)) setShown({ turn, growing })
      before = turn
    }, leave.signal).catch(() => {})
    return () => {
      leave.abort()
      setShown(null)
    }
  }, [conversation, running])
  return shown
}
