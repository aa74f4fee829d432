import { useCallback, useEffect, useRef, useState } from 'react'
import { all, api } from '@/api/client'
import { exchange } from './exchange'
import { Growing } from './growing'
import { LINE } from './line'
import { grown, newTurn, turnsOf, type Turn } from './turn'

const kept = (kb: string) => `kvasir.try.${kb}`

/** A conversation of one's own with a knowledge base; it is found again after a reload of the tab. */
export function useChat(kbId: string) {
  const [turns, setTurns] = useState<Turn[]>([])
  const [busy, setBusy] = useState(false)
  const [growing, setGrowing] = useState<Growing>()
  const conversation = useRef<string | null>(null)
  const abort = useRef<AbortController | null>(null)

  const run = useCallback(async (begin: Turn, ask: boolean) => {
    const controller = new AbortController()
    abort.current = controller
    setBusy(true)
    const text = new Growing()
    setGrowing(text)
    let shown = begin
    const put = (latest: Turn) => {
      if (controller.signal.aborted) return
      text.put(latest.text)
      if (!grown(shown, latest)) setTurns(all => [...all.slice(0, -1), latest])
      shown = latest
    }
    try {
      if (!conversation.current) {
        conversation.current = (await api.post('/chat/conversations', { body: { kbId } })).id
        sessionStorage.setItem(kept(kbId), conversation.current)
      }
      await exchange(LINE, conversation.current, begin, ask, put, controller.signal)
    } catch (e) {
      put({ ...shown, over: true, stage: 'done', failure: e instanceof Error ? e.message : '' })
    } finally {
      if (!controller.signal.aborted) {
        setBusy(false)
        abort.current = null
      }
    }
  }, [kbId])

  useEffect(() => {
    let left = false
    const id = sessionStorage.getItem(kept(kbId))
    conversation.current = id
    setTurns([])
    setBusy(false)
    if (id) {
      all('/chat/conversations/{conversationId}/messages', { path: { conversationId: id } }).then(messages => {
        if (left) return
        const old = turnsOf(messages)
        setTurns(old)
        const last = old.at(-1)
        if (last && !last.over) void run(last, false)
      }).catch(() => {
        if (left) return
        conversation.current = null
        sessionStorage.removeItem(kept(kbId))
      })
    }
    return () => {
      left = true
      abort.current?.abort()
      abort.current = null
    }
  }, [kbId, run])

  const ask = useCallback((question: string) => {
    if (abort.current || !question.trim()) return
    const turn = newTurn(question.trim())
    setTurns(all => [...all, turn])
    void run(turn, true)
  }, [run])

  const stop = useCallback(() => {
    if (conversation.current) void api.post('/chat/conversations/{conversationId}/stop', { path: { conversationId: conversation.current } }).catch(() => {})
  }, [])

  const fresh = useCallback(() => {
    abort.current?.abort()
    abort.current = null
    conversation.current = null
    sessionStorage.removeItem(kept(kbId))
    setTurns([])
    setBusy(false)
  }, [kbId])

  const rate = useCallback((messageId: string, rating: 'up' | 'down') => {
    const mark = (feedback: Turn['feedback']) => setTurns(all => all.map(t => (t.messageId === messageId ? { ...t, feedback } : t)))
    mark(rating)
    api.post('/chat/messages/{messageId}/feedback', { path: { messageId }, body: { rating } }).catch(() => mark(null))
  }, [])

  return { turns, growing, busy, ask, stop, fresh, rate }
}
