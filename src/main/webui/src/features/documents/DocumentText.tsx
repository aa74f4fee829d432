import { queryOptions, useQuery } from '@tanstack/react-query'
import { useEffect, useRef } from 'react'
import { useTranslation } from 'react-i18next'
import { raw } from '@/api/client'
import { Remote, Skeleton } from '@/ui/states'

/** How much of a text is shown around what is looked for, in UTF-16 units: whole for most documents, a window for books. */
const WINDOW = 60_000

const textQuery = (kb: string, id: string, version: number) => queryOptions({
  queryKey: ['kb', kb, 'text', id, version],
  queryFn: async ({ signal }) => (await raw('get', '/knowledge-bases/{kbId}/documents/{documentId}/text', { path: { kbId: kb, documentId: id }, signal })).text(),
  staleTime: Infinity,
})

/** Where a passage stands in the text: by its offsets (`12-90`), or by its words (`~some words`). */
export function locate(text: string, at: string | undefined): [number, number] | null {
  const offsets = /^(\d+)-(\d+)$/.exec(at ?? '')
  if (offsets) {
    const [start, end] = [Number(offsets[1]), Number(offsets[2])]
    return start < end && end <= text.length ? [start, end] : null
  }
  if (!at?.startsWith('~')) return null
  // White space may have been folded on the way into the snippet.
  const words = at.slice(1).replace(/…$/, '').trim().split(/\s+/).map(w => w.replace(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`))
  const found = new RegExp(words.join(String.raw`\s+`)).exec(text)
  return found ? [found.index, found.index + found[0].length] : null
}

export function DocumentText({ kbId, documentId, version, at }: { kbId: string; documentId: string; version: number; at: string | undefined }) {
  const { t } = useTranslation()
  const query = useQuery(textQuery(kbId, documentId, version))
  const mark = useRef<HTMLElement>(null)
  useEffect(() => { mark.current?.scrollIntoView({ block: 'center' }) }, [query.data, at])
  return (
    <section className="grid gap-2">
      <h3 className="text-13 font-semibold">{t('documents.text')}</h3>
      <Remote query={query} optional skeleton={<Skeleton className="h-40" />}>
        {text => {
          const place = locate(text, at)
          const from = Math.max(0, Math.min(place?.[0] ?? 0, text.length) - WINDOW / 2)
          const to = Math.min(text.length, from + WINDOW)
          return (
            <div tabIndex={0} role="region" aria-label={t('documents.text')} className="max-h-[60vh] overflow-y-auto rounded-8 border border-line bg-bg p-3 text-13 whitespace-pre-wrap">
              {from > 0 && <p className="text-muted">…</p>}
              {place ? <>{text.slice(from, place[0])}<mark ref={mark} className="rounded-4 bg-soft text-fg outline-1 outline-accent">{text.slice(place[0], place[1])}</mark>{text.slice(place[1], to)}</> : text.slice(from, to)}
              {to < text.length && <p className="text-muted">…</p>}
            </div>
          )
        }}
      </Remote>
    </section>
  )
}
