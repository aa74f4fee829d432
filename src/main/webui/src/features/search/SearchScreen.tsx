import { keepPreviousData, queryOptions, useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { ArrowDown, ArrowUp, Minus, ScanSearch, SearchX } from 'lucide-react'
import { useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api } from '@/api/client'
import { ragQuery } from '@/api/queries'
import type { SearchMode, SearchResult, SearchResults } from '@/api/types'
import { cx } from '@/lib/cx'
import { ms, number } from '@/lib/format'
import { Badge } from '@/ui/bits'
import { Button } from '@/ui/button'
import { Input, Segments, Select } from '@/ui/fields'
import { Page } from '@/ui/page'
import { Notice, Remote, Skeleton } from '@/ui/states'
import { highlight, move, stageNames } from './moves'

export interface SearchAsked { q: string; mode: SearchMode; limit: number }

const foundQuery = (kb: string, { q, mode, limit }: SearchAsked) => queryOptions({
  queryKey: ['kb', kb, 'search', q, mode, limit],
  queryFn: () => api.post('/knowledge-bases/{kbId}/knowledge/search', { path: { kbId: kb }, body: { query: q, mode, limit, explain: true } }),
  enabled: q !== '', placeholderData: keepPreviousData, staleTime: 0,
})

/** What the retriever sees: which passages, in what order, by which stage, and how long each took. */
export function SearchScreen({ tenant, kbId, asked, onChange }: { tenant: string; kbId: string; asked: SearchAsked; onChange: (next: Partial<SearchAsked>) => void }) {
  const { t } = useTranslation()
  const [text, setText] = useState(asked.q)
  useEffect(() => setText(asked.q), [asked.q])
  const query = useQuery(foundQuery(kbId, asked))
  const rag = useQuery(ragQuery(kbId))
  const stages = stageNames(query.data?.results ?? [])
  return (
    <Page title={t('nav.search')} text={t('search.about')}>
      <form role="search" className="mb-4 grid gap-3" onSubmit={event => {
        event.preventDefault()
        if (text.trim() === asked.q) void query.refetch()
        else onChange({ q: text.trim() })
      }}>
        <div className="flex gap-2"><Input type="search" aria-label={t('search.query')} placeholder={t('search.placeholder')} value={text} autoFocus={!asked.q} onChange={event => setText(event.target.value)} /><Button type="submit" variant="primary" icon={ScanSearch} busy={query.isFetching}>{t('search.action')}</Button></div>
        <div className="flex flex-wrap items-center gap-3">
          <Segments label={t('search.mode')} value={asked.mode} onChange={mode => onChange({ mode })} options={(['hybrid', 'dense', 'keyword'] as const).map(value => ({ value, text: t(`search.${value}`) }))} />
          <label className="flex items-center gap-2 text-13 text-muted">{t('search.limit')}<Select value={asked.limit} className="w-20" onChange={event => onChange({ limit: Number(event.target.value) })}>{[5, 10, 20, 50].map(n => <option key={n}>{n}</option>)}</Select></label>
        </div>
      </form>
      {asked.q === ''
        ? <Notice icon={ScanSearch} title={t('search.begin')} text={t('search.beginText')} />
        : (
          <Remote query={query} skeleton={<div className="grid gap-3"><Skeleton className="h-14 rounded-12" />{[0, 1, 2].map(i => <Skeleton key={i} className="h-36 rounded-12" />)}</div>} empty={found => found.results.length === 0 && <Notice icon={SearchX} title={t('search.none')} text={t('search.noneText')} />}>
            {found => (
              <div className={cx('grid gap-3 transition-opacity', query.isPlaceholderData && 'opacity-60')}>
                <Timings timings={found.timings} />
                <ol className="grid gap-3">{found.results.map((r, i) => <Result key={r.passageId} tenant={tenant} kbId={kbId} result={r} rank={i + 1} stages={stages} query={asked.q} threshold={rag.data?.threshold} />)}</ol>
              </div>
            )}
          </Remote>
        )}
    </Page>
  )
}

const PARTS = [['embedMs', 'bg-accent'], ['searchMs', 'bg-good'], ['rankMs', 'bg-warn']] as const

function Timings({ timings }: { timings: SearchResults['timings'] }) {
  const { t } = useTranslation()
  const total = Math.max(timings.totalMs, 0.01)
  return (
    <section aria-label={t('search.timings')} className="grid gap-2 rounded-12 border border-line bg-surface p-4 shadow-low">
      <div className="flex h-2 gap-px overflow-hidden rounded-4 bg-raised" aria-hidden>{PARTS.map(([key, color]) => <span key={key} className={color} style={{ width: `${((timings[key]) / total) * 100}%` }} />)}</div>
      <dl className="figures flex flex-wrap gap-x-5 gap-y-1 text-12">
        {PARTS.map(([key, color]) => <div key={key} className="flex items-center gap-1.5"><span aria-hidden className={cx('size-2 rounded-4', color)} /><dt className="text-muted">{t(`search.${key}`)}</dt><dd>{ms(timings[key])}</dd></div>)}
        <div className="ml-auto flex gap-1.5"><dt className="text-muted">{t('search.totalMs')}</dt><dd className="font-semibold">{ms(total)}</dd></div>
      </dl>
    </section>
  )
}

function Result({ tenant, kbId, result, rank, stages, query, threshold }: { tenant: string; kbId: string; result: SearchResult; rank: number; stages: string[]; query: string; threshold: number | undefined }) {
  const { t } = useTranslation()
  const [whole, setWhole] = useState(false)
  const moved = move(result, rank)
  const Sign = moved === null || moved === 0 ? Minus : moved > 0 ? ArrowUp : ArrowDown
  const below = threshold !== undefined && result.score < threshold
  return (
    <li className="grid gap-3 rounded-12 border border-line bg-surface p-4 shadow-low md:grid-cols-[minmax(0,1fr)_240px]">
      <div className="grid min-w-0 content-start gap-1.5">
        <div className="flex items-baseline gap-2">
          <span className="figures w-6 shrink-0 text-13 font-semibold text-muted">{rank}</span>
          <h2 className="min-w-0 flex-1 truncate text-13 font-semibold"><Link to="/t/$tenant/kbs/$kb/documents/{-$doc}" params={{ tenant, kb: kbId, doc: result.sourceId }} search={{ at: `${result.start}-${result.end}` }} className="hover:underline">{result.title}</Link>{result.page !== null && <span className="font-normal text-muted"> · {t('chat.page', { n: result.page })}</span>}</h2>
        </div>
        {result.headings.length > 0 && <p className="truncate pl-8 text-12 text-muted">{result.headings.join(' › ')}</p>}
        <p className={cx('pl-8 text-13 whitespace-pre-wrap', !whole && 'line-clamp-4')}>{highlight(result.text, query).map((p, i) => (p.hit ? <mark key={i} className="rounded-4 bg-soft text-fg">{p.text}</mark> : p.text))}</p>
        {result.text.length > 300 && <button type="button" aria-expanded={whole} onClick={() => setWhole(!whole)} className="ml-8 min-h-6 justify-self-start text-12 text-accent hover:underline">{t(whole ? 'common.less' : 'common.more')}</button>}
      </div>
      <div className="grid content-start gap-2 border-line max-md:border-t max-md:pt-3 md:border-l md:pl-4">
        <div className="grid gap-1">
          <div className="flex items-center justify-between text-12"><span className="text-muted">{t('search.score')}</span><span className="figures flex items-center gap-1.5 font-semibold">{below && <Badge tone="warn">{t('search.below')}</Badge>}{number(result.score, 3)}</span></div>
          <div className="relative h-1.5 rounded-4 bg-raised" aria-hidden><div className={cx('h-full rounded-4', below ? 'bg-warn' : 'bg-accent')} style={{ width: `${Math.min(100, result.score * 100)}%` }} />{threshold !== undefined && <span className="absolute -top-0.5 h-2.5 w-px bg-fg" style={{ left: `${threshold * 100}%` }} />}</div>
        </div>
        <table className="figures w-full text-12">
          <thead className="sr-only"><tr><th scope="col">{t('search.stage')}</th><th scope="col">{t('search.rank')}</th><th scope="col">{t('search.raw')}</th></tr></thead>
          <tbody>{stages.map(name => <tr key={name}><th scope="row" className="py-0.5 text-left font-normal text-muted">{t(`search.${name}`, { defaultValue: name })}</th><td className="text-right">{result.stages?.[name] ? `#${result.stages[name].rank}` : '–'}</td><td className="w-16 text-right text-muted">{result.stages?.[name] ? number(result.stages[name].score, 3) : ''}</td></tr>)}</tbody>
        </table>
        <p className={cx('flex items-center gap-1 text-12', moved !== null && moved > 0 ? 'text-good' : 'text-muted')}><Sign size={13} aria-hidden />{moved === null ? t('search.unmoved') : moved === 0 ? t('search.stayed') : t(moved > 0 ? 'search.rose' : 'search.fell', { count: Math.abs(moved) })}</p>
      </div>
    </li>
  )
}
