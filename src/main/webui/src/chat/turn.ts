import type { Citation, Message, Timings, Usage } from '@/api/types'
import type { ServerEvent } from './sse'

export type { Citation, Message } from '@/api/types'

/** One question and its answer as it grows. The same events, in any cut, once or twice, give the same turn. */
export interface Turn {
  question: string
  turnId: string | null
  messageId: string | null
  stage: 'searching' | 'writing' | 'done'
  citations: Citation[]
  text: string
  /** where a reader goes on: the last position seen */
  last: string | null
  finishReason: string | null
  failure: string | null
  stopped: boolean
  over: boolean
  /** the server can't be reached just now */
  away: boolean
  feedback: 'up' | 'down' | null
  usage: Usage | null
  timings: Timings | null
}

export const newTurn = (question: string): Turn => ({
  question, turnId: null, messageId: null, stage: 'searching', citations: [], text: '', last: null, finishReason: null, failure: null,
  stopped: false, over: false, away: false, feedback: null, usage: null, timings: null,
})

/** Applies one event; what was seen already changes nothing. */
export function apply(turn: Turn, { name, id, data }: ServerEvent): Turn {
  if (turn.over) return turn
  const [turnId, place] = id.split(':')
  if (turn.turnId !== null && turnId !== turn.turnId) return turn
  const next = { ...turn, last: id, away: false }
  switch (name) {
    case 'turn.started': {
      const { turnId, messageId } = data as { turnId: string; messageId: string }
      return { ...next, turnId, messageId }
    }
    case 'retrieval':
      return { ...next, citations: (data as { citations: Citation[] }).citations, stage: 'writing' }
    case 'delta': {
      // The position says where this text ends, so an overlap is cut off rather than said twice.
      const { text } = data as { text: string }
      const start = Number(place) - text.length
      return { ...next, stage: 'writing', text: turn.text + text.slice(Math.max(0, turn.text.length - start)) }
    }
    case 'turn.completed': {
      const { finishReason, usage, timings } = data as { finishReason: string; usage?: Usage; timings?: Timings }
      return { ...next, over: true, stage: 'done', finishReason, usage: usage ?? null, timings: timings ?? null }
    }
    case 'turn.stopped':
      return { ...next, over: true, stage: 'done', stopped: true }
    case 'turn.failed':
      return { ...next, over: true, stage: 'done', failure: (data as { detail?: string }).detail ?? '' }
    default:
      return turn
  }
}

/** Whether nothing but its text sets two states of a turn apart: that is drawn without drawing anything else. */
export const grown = (a: Turn, b: Turn) => (Object.keys(a) as (keyof Turn)[]).every(key => key === 'text' || key === 'last' || a[key] === b[key])

/** A turn as the list of messages tells it, after a reload. One that still runs is read from its beginning. */
export function restored(question: Message, reply: Message): Turn {
  const over = reply.status !== 'running'
  return {
    ...newTurn(question.content), turnId: reply.turnId, messageId: reply.id, over, stage: over ? 'done' : 'searching',
    citations: over ? (reply.citations ?? []) : [], text: over ? reply.content : '', finishReason: reply.finishReason ?? null,
    stopped: reply.status === 'stopped', failure: reply.status === 'failed' ? (reply.error?.detail ?? '') : null, feedback: reply.feedback ?? null,
    usage: reply.usage ?? null, timings: reply.timings ?? null,
  }
}

/** The turns in a list of messages, oldest first. */
export function turnsOf(messages: Message[]): Turn[] {
  const replies = new Map(messages.filter(m => m.role === 'assistant').map(m => [m.turnId, m]))
  return messages.filter(m => m.role === 'user').flatMap(question => {
    const reply = replies.get(question.turnId)
    return reply ? [restored(question, reply)] : []
  })
}

/** Numbers that stand as marks in the text and were announced. */
export function cited(turn: Turn): Citation[] {
  const marks = new Set([...turn.text.matchAll(/\[(\d{1,3})\]/g)].map(m => Number(m[1])))
  return turn.citations.filter(c => marks.has(c.n))
}
