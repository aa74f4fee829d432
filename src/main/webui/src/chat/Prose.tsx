import { useEffect, useLayoutEffect, useMemo, useRef } from 'react'
import { useTranslation } from 'react-i18next'
import { h, render } from './dom'
import type { Growing } from './growing'
import { Prose as Markdown } from './markdown'
import type { Citation } from './turn'

const CHIP = 'chip figures mx-0.5 inline-flex h-5 min-w-5 items-center justify-center rounded-4 bg-soft px-1 align-[1px] text-11 font-semibold text-accent transition-colors hover:bg-accent hover:text-on-accent aria-expanded:bg-accent aria-expanded:text-on-accent pointer-coarse:h-6 pointer-coarse:min-w-6'

/** The text of an answer. While it is written it is drawn past React: a word costs the block it stands in, and nothing beside. */
export function Prose({ text, growing, citations }: { text: string; growing?: Growing | undefined; citations: Citation[] }) {
  const { t } = useTranslation()
  const box = useRef<HTMLDivElement>(null)
  const markdown = useMemo(() => new Markdown(n => {
    const citation = citations.find(c => c.n === n)
    return citation ? h('button', { type: 'button', class: CHIP, 'data-cite': n, 'aria-haspopup': 'dialog', 'aria-label': t('chat.source', { n, title: citation.title }) }, `${n}`) : null
  }), [citations, t])
  useLayoutEffect(() => render(box.current!, ...markdown.of(growing?.text || text)), [growing, markdown, text])
  useEffect(() => growing?.on(() => render(box.current!, ...markdown.of(growing.text))), [growing, markdown])
  return <div ref={box} className="prose-answer" />
}
