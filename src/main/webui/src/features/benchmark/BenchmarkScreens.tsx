import { queryOptions, useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { FlaskConical } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import { address } from '@/api/contract'
import { call } from '@/api/session'
import { ago, ms, number } from '@/lib/format'
import { cx } from '@/lib/cx'
import { Badge } from '@/ui/bits'
import { Facts, Page, Peek } from '@/ui/page'
import { Notice, Remote, SkeletonRows, Skeleton } from '@/ui/states'
import { Table, type Column } from '@/ui/table'
import { words } from './diff'

interface Dataset { id: string; name: string; cases?: number; caseCount?: number; createdAt?: string }
interface Case { id: string; question: string; expectedAnswer?: string | null }
interface Run { id: string; name?: string; status: string; total?: number; passed?: number; failed?: number; createdAt?: string; startedAt?: string; averages?: Record<string, number> }
interface CaseResult { id?: string; caseId?: string; question: string; expectedAnswer?: string; actualAnswer?: string; passed?: boolean; timeMs?: number; relevance?: number; faithfulness?: number; correctness?: number; precision?: number; error?: string | null }

type Tab = 'datasets' | 'runs'

/** This room's calls are not in the document of a server that has no such room: what it would answer is told here. */
const oneQuery = <T,>(kbId: string, rest: string) => queryOptions({
  queryKey: ['benchmark', kbId, rest],
  queryFn: async ({ signal }) => (await (await call('GET', `${address('/knowledge-bases/{kbId}', { path: { kbId } })}/${rest}`, { signal })).json()) as T,
})
const listQuery = <T,>(kbId: string, rest: string) => ({ ...oneQuery<{ items: T[] }>(kbId, `${rest}?limit=200`), select: (page: { items: T[] }) => page.items })

function Tabs({ tenant, kbId, tab }: { tenant: string; kbId: string; tab: Tab }) {
  const { t } = useTranslation()
  const look = (on: boolean) => cx('-mb-px flex min-h-9 items-center border-b-2 text-13 transition-colors', on ? 'border-accent font-medium' : 'border-transparent text-muted hover:text-fg')
  return (
    <nav aria-label={t('nav.benchmark')} className="mb-2 flex w-full gap-4 border-b border-line">
      <Link to="/t/$tenant/kbs/$kb/benchmark/datasets/{-$ds}" params={{ tenant, kb: kbId }} aria-current={tab === 'datasets' ? 'page' : undefined} className={look(tab === 'datasets')}>{t('benchmark.datasets')}</Link>
      <Link to="/t/$tenant/kbs/$kb/benchmark/runs/{-$run}" params={{ tenant, kb: kbId }} aria-current={tab === 'runs' ? 'page' : undefined} className={look(tab === 'runs')}>{t('benchmark.runs')}</Link>
    </nav>
  )
}

export function DatasetsScreen({ tenant, kbId, open, onOpen }: { tenant: string; kbId: string; open: string | undefined; onOpen: (id: string | undefined) => void }) {
  const { t } = useTranslation()
  const query = useQuery(listQuery<Dataset>(kbId, 'datasets'))
  const chosen = query.data?.find(d => d.id === open)
  const columns: Column<Dataset>[] = [
    { key: 'name', title: t('benchmark.dataset'), width: 'minmax(0,1fr)', cell: d => <button type="button" className="font-medium hover:underline" onClick={event => { event.stopPropagation(); onOpen(d.id) }}>{d.name}</button> },
    { key: 'cases', title: t('benchmark.cases'), width: '90px', align: 'right', cell: d => number(d.cases ?? d.caseCount ?? 0) },
    { key: 'made', title: t('benchmark.made'), width: '120px', align: 'right', hideOnPhone: true, cell: d => <span className="text-muted">{d.createdAt ? ago(d.createdAt) : '–'}</span> },
  ]
  return (
    <Page title={t('nav.benchmark')} text={t('benchmark.about')} toolbar={<Tabs tenant={tenant} kbId={kbId} tab="datasets" />} peek={chosen && <CasesPeek key={chosen.id} kbId={kbId} dataset={chosen} onClose={() => onOpen(undefined)} />}>
      <Remote query={query} optional what={t('nav.benchmark')} skeleton={<SkeletonRows />} empty={all => all.length === 0 && <Notice icon={FlaskConical} title={t('benchmark.noDatasets')} text={t('benchmark.noDatasetsText')} />}>
        {rows => <Table label={t('benchmark.datasets')} rows={rows} columns={columns} id={d => d.id} open={open} onOpen={d => onOpen(d.id)} />}
      </Remote>
    </Page>
  )
}

function CasesPeek({ kbId, dataset, onClose }: { kbId: string; dataset: Dataset; onClose: () => void }) {
  const { t } = useTranslation()
  const query = useQuery(listQuery<Case>(kbId, `datasets/${dataset.id}/cases`))
  return (
    <Peek title={dataset.name} subtitle={t('benchmark.dataset')} onClose={onClose}>
      <Remote query={query} optional skeleton={<Skeleton className="h-40" />} empty={all => all.length === 0 && <Notice icon={FlaskConical} title={t('benchmark.noCases')} />}>
        {cases => <ol className="divide-y divide-line rounded-8 border border-line text-13">{cases.map(c => <li key={c.id} className="grid gap-1 px-3 py-2"><p className="font-medium">{c.question}</p><p className="text-muted">{c.expectedAnswer ?? '–'}</p></li>)}</ol>}
      </Remote>
    </Peek>
  )
}

export function RunsScreen({ tenant, kbId, open, onOpen }: { tenant: string; kbId: string; open: string | undefined; onOpen: (id: string | undefined) => void }) {
  const { t } = useTranslation()
  const query = useQuery(listQuery<Run>(kbId, 'evaluations'))
  const columns: Column<Run>[] = [
    { key: 'name', title: t('benchmark.run'), width: 'minmax(0,1fr)', cell: r => <button type="button" className="font-medium hover:underline" onClick={event => { event.stopPropagation(); onOpen(r.id) }}>{r.name ?? r.id.slice(-8)}</button> },
    { key: 'status', title: t('sources.status'), width: '110px', cell: r => <Badge tone={/fail/i.test(r.status) ? 'bad' : /complete/i.test(r.status) ? 'good' : 'accent'}>{t(`sources.state.${r.status.toLowerCase()}`, { defaultValue: r.status })}</Badge> },
    { key: 'passed', title: t('benchmark.passed'), width: '100px', align: 'right', cell: r => `${r.passed ?? 0}/${r.total ?? 0}` },
    { key: 'made', title: t('benchmark.made'), width: '110px', align: 'right', hideOnPhone: true, cell: r => <span className="text-muted">{r.createdAt ?? r.startedAt ? ago((r.createdAt ?? r.startedAt)!) : '–'}</span> },
  ]
  return (
    <Page title={t('nav.benchmark')} text={t('benchmark.about')} toolbar={<Tabs tenant={tenant} kbId={kbId} tab="runs" />} peek={open && <RunPeek key={open} kbId={kbId} id={open} onClose={() => onOpen(undefined)} />}>
      <Remote query={query} optional what={t('nav.benchmark')} skeleton={<SkeletonRows />} empty={all => all.length === 0 && <Notice icon={FlaskConical} title={t('benchmark.noRuns')} text={t('benchmark.noRunsText')} />}>
        {rows => (
          <div className="grid gap-3">
            <Table label={t('benchmark.runs')} rows={rows} columns={columns} id={r => r.id} open={open} onOpen={r => onOpen(r.id)} />
            {rows.length > 1 && <Link to="/t/$tenant/kbs/$kb/benchmark/compare" params={{ tenant, kb: kbId }} search={{ base: rows[1]!.id, runs: rows[0]!.id }} className="justify-self-end text-13 text-accent underline underline-offset-2">{t('benchmark.compareLast')}</Link>}
          </div>
        )}
      </Remote>
    </Page>
  )
}

function RunPeek({ kbId, id, onClose }: { kbId: string; id: string; onClose: () => void }) {
  const { t } = useTranslation()
  const query = useQuery(oneQuery<Run & { results?: CaseResult[]; cases?: CaseResult[] }>(kbId, `evaluations/${id}`))
  return (
    <Peek title={query.data?.name ?? id.slice(-8)} subtitle={t('benchmark.run')} onClose={onClose}>
      <Remote query={query} optional skeleton={<Skeleton className="h-40" />}>
        {run => (
          <div className="grid gap-4">
            <Facts items={[[t('benchmark.passed'), `${run.passed ?? 0}/${run.total ?? 0}`], ...Object.entries(run.averages ?? {}).map(([key, value]) => [t(`benchmark.${key}`, { defaultValue: key }), number(value, 3)] as [string, string])]} />
            <ol className="divide-y divide-line rounded-8 border border-line text-13">
              {(run.results ?? run.cases ?? []).map((c, i) => <li key={c.id ?? c.caseId ?? i} className="grid gap-1 px-3 py-2"><p className="flex justify-between gap-2 font-medium">{c.question}<Badge tone={c.passed ? 'good' : 'bad'}>{t(c.passed ? 'benchmark.pass' : 'benchmark.fail')}</Badge></p><p className="text-muted">{c.error ?? c.actualAnswer ?? '–'}</p>{c.timeMs !== undefined && <p className="figures text-12 text-muted">{ms(c.timeMs)}</p>}</li>)}
            </ol>
          </div>
        )}
      </Remote>
    </Peek>
  )
}

interface Comparison { cases?: { question: string; base?: CaseResult; other?: CaseResult }[]; averages?: Record<string, { base: number; other: number }> }

export function CompareScreen({ tenant, kbId, base, runs, onlyDifferent, onChange }: { tenant: string; kbId: string; base: string; runs: string; onlyDifferent: boolean; onChange: (next: { different?: boolean }) => void }) {
  const { t } = useTranslation()
  const query = useQuery(oneQuery<Comparison>(kbId, address('evaluations/compare', { query: { base, other: runs } })))
  return (
    <Page title={t('benchmark.compare')} text={t('benchmark.compareText')} toolbar={<Tabs tenant={tenant} kbId={kbId} tab="runs" />}
      actions={<label className="control flex items-center gap-2 text-13"><input type="checkbox" checked={onlyDifferent} onChange={e => onChange({ different: e.target.checked })} className="size-4 accent-accent" />{t('benchmark.onlyDifferent')}</label>}>
      <Remote query={query} optional what={t('nav.benchmark')} skeleton={<SkeletonRows height={72} />}>
        {found => (
          <div className="grid gap-4">
            <Facts items={Object.entries(found.averages ?? {}).map(([key, v]) => [t(`benchmark.${key}`, { defaultValue: key }), <span key={key}>{number(v.base, 3)} → {number(v.other, 3)} <b className={v.other >= v.base ? 'text-good' : 'text-bad'}>{v.other >= v.base ? '+' : ''}{number(v.other - v.base, 3)}</b></span>])} />
            <ol className="grid gap-3">
              {(found.cases ?? []).filter(c => !onlyDifferent || c.base?.actualAnswer !== c.other?.actualAnswer).map((c, i) => (
                <li key={i} className="grid gap-2 rounded-12 border border-line bg-surface p-4 text-13 shadow-low">
                  <h2 className="font-semibold">{c.question}</h2>
                  <p>{words(c.base?.actualAnswer ?? '', c.other?.actualAnswer ?? '').map((part, j) => (part.kind === 'same' ? part.text : part.kind === 'gone' ? <del key={j} className="bg-bad-soft text-bad">{part.text}</del> : <ins key={j} className="bg-good-soft text-good no-underline">{part.text}</ins>))}</p>
                </li>
              ))}
            </ol>
          </div>
        )}
      </Remote>
    </Page>
  )
}
