const EN = {
  open: 'Ask a question', close: 'Close', fresh: 'New conversation', text: 'Answers come from this knowledge base alone, with their sources.', question: 'Question', placeholder: 'Ask a question', send: 'Ask', stop: 'Stop', newest: 'Newest',
  searching: 'Searching', writing: (n: number) => `${n} ${n === 1 ? 'passage' : 'passages'} found, writing`, away: 'The server cannot be reached. Trying again.', stopped: 'Stopped. What was said until then stays.',
  failed: (why: string) => `The answer broke off: ${why}`, again: 'Ask again', copy: 'Copy', copied: 'Copied', good: 'Helpful', bad: 'Not helpful', source: (n: number) => `Source ${n}`, page: (n: number) => `page ${n}`, read: 'Open the page',
  done: 'The answer is complete.', none: 'Nothing is shared here', noneText: 'The link may be old, or sharing has ended.', shut: 'Not available here', shutText: 'This page cannot reach the knowledge base.', retry: 'Try again',
}
export type Words = typeof EN
const ES: Words = {
  open: 'Haz una pregunta', close: 'Cerrar', fresh: 'Nueva conversación', text: 'Las respuestas salen solo de esta base de conocimiento, con sus fuentes.', question: 'Pregunta', placeholder: 'Haz una pregunta', send: 'Preguntar', stop: 'Parar', newest: 'Lo último',
  searching: 'Buscando', writing: n => `${n} ${n === 1 ? 'pasaje encontrado' : 'pasajes encontrados'}, escribiendo`, away: 'No se llega al servidor. Se intenta de nuevo.', stopped: 'Detenida. Lo dicho hasta entonces se queda.',
  failed: why => `La respuesta se cortó: ${why}`, again: 'Preguntar otra vez', copy: 'Copiar', copied: 'Copiado', good: 'Útil', bad: 'No útil', source: n => `Fuente ${n}`, page: n => `página ${n}`, read: 'Abrir la página',
  done: 'La respuesta está completa.', none: 'Aquí no se comparte nada', noneText: 'El enlace puede ser antiguo o ya no se comparte.', shut: 'No disponible aquí', shutText: 'Esta página no llega a la base de conocimiento.', retry: 'Intentar de nuevo',
}
export const wordsFor = (lang: string): Words => (lang.startsWith('es') ? ES : EN)
