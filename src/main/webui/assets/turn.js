// One turn as it grows. Takes events in any cut, once or twice, and is always the same for the same events.
export function newTurn(question) {
  return { question, turnId: null, messageId: null, stage: 'searching', citations: [], text: '', last: null, finishReason: null, failure: null, stopped: false, over: false, feedback: null }
}

/** Applies one event; what was seen already changes nothing. */
export function apply(turn, { name, id, data }) {
  if (turn.over) return turn
  const [turnId, place] = id.split(':')
  if (turn.turnId !== null && turnId !== turn.turnId) return turn
  const next = { ...turn, last: id }
  switch (name) {
    case 'turn.started': return { ...next, turnId: data.turnId, messageId: data.messageId }
    case 'retrieval': return { ...next, citations: data.citations, stage: 'writing' }
    case 'delta': {
      // The position says where this text ends, so an overlap is cut off rather than said twice.
      const start = Number(place) - data.text.length
      const fresh = data.text.slice(Math.max(0, turn.text.length - start))
      return { ...next, stage: 'writing', text: turn.text + fresh }
    }
    case 'turn.completed': return { ...next, over: true, stage: 'done', finishReason: data.finishReason }
    case 'turn.stopped': return { ...next, over: true, stage: 'done', stopped: true }
    case 'turn.failed': return { ...next, over: true, stage: 'done', failure: data.detail }
    default: return turn
  }
}

/** A turn as the list of messages tells it, after a reload. */
export function restored(question, reply) {
  const over = reply.status !== 'running'
  return {
    ...newTurn(question.content), turnId: reply.turnId, messageId: reply.id, citations: reply.citations ?? [], text: over ? reply.content : '',
    stage: over ? 'done' : 'writing', over, finishReason: reply.finishReason ?? null, stopped: reply.status === 'stopped',
    failure: reply.status === 'failed' ? (reply.error?.detail ?? 'failed') : null, feedback: reply.feedback ?? null,
  }
}
