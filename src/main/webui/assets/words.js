const WORDS = {
  en: {
    skip: 'Skip to the question', fresh: 'New conversation', emptyTitle: 'Ask the documentation', emptyText: 'Answers come from this knowledge base alone, with their sources.',
    jump: 'Newest', label: 'Question', placeholder: 'Ask a question', send: 'Ask', stop: 'Stop', searching: 'Searching', writing: n => `${n} ${n === 1 ? 'passage' : 'passages'} found, writing`,
    stopped: 'Stopped. What was said until then stays.', failed: why => `The answer broke off: ${why}`, again: 'Ask again', copy: 'Copy', copied: 'Copied', good: 'Helpful', bad: 'Not helpful',
    source: n => `Source ${n}`, page: n => `page ${n}`, away: 'The server cannot be reached. Trying again.', none: 'No knowledge base is shown here.', noneText: 'The demo is switched off on this server.', done: 'The answer is complete.',
  },
  es: {
    skip: 'Ir a la pregunta', fresh: 'Nueva conversación', emptyTitle: 'Pregunta a la documentación', emptyText: 'Las respuestas salen solo de esta base de conocimiento, con sus fuentes.',
    jump: 'Lo último', label: 'Pregunta', placeholder: 'Haz una pregunta', send: 'Preguntar', stop: 'Parar', searching: 'Buscando', writing: n => `${n} ${n === 1 ? 'pasaje encontrado' : 'pasajes encontrados'}, escribiendo`,
    stopped: 'Detenida. Lo dicho hasta entonces se queda.', failed: why => `La respuesta se cortó: ${why}`, again: 'Preguntar otra vez', copy: 'Copiar', copied: 'Copiado', good: 'Útil', bad: 'No útil',
    source: n => `Fuente ${n}`, page: n => `página ${n}`, away: 'No se llega al servidor. Se intenta de nuevo.', none: 'Aquí no se muestra ninguna base de conocimiento.', noneText: 'La demostración está apagada en este servidor.', done: 'La respuesta está completa.',
  },
}
export const language = navigator.language?.startsWith('es') ? 'es' : 'en'
export const words = WORDS[language]
