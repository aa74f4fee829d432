import { Outlet, lazyRouteComponent, useNavigate, useParams, useSearch } from '@tanstack/react-router'
import { useEffect } from 'react'
import { Toaster } from 'sonner'
import { loginAddress, onSession, token } from '@/api/session'
import { BasesScreen } from '@/features/knowledge-bases/BasesScreen'
import { OverviewScreen, useOpenSource } from '@/features/knowledge-bases/OverviewScreen'
import { ConversationsScreen } from '@/features/conversations/ConversationsScreen'
import { DocumentsScreen } from '@/features/documents/DocumentsScreen'
import { Shell } from '@/features/shell/Shell'
import { useTheme } from '@/lib/useTheme'
import { Overlays } from '@/ui/tip'

const T = '/t/$tenant'
const K = '/t/$tenant/kbs/$kb'

export function Tenant() {
  const { tenant } = useParams({ from: T })
  const theme = useTheme()
  useEffect(() => onSession(() => {
    void token().then(still => { if (!still) location.assign(loginAddress(location.pathname + location.search)) })
  }), [])
  return (
    <Overlays>
      <Shell tenant={tenant}><Outlet /></Shell>
      <Toaster theme={theme === 'auto' ? 'system' : theme} position="bottom-center" />
    </Overlays>
  )
}

export const Base = () => <Outlet />

export function Bases() {
  const { tenant } = useParams({ from: `${T}/kbs` })
  const { q, create } = useSearch({ from: `${T}/kbs` })
  const navigate = useNavigate({ from: `${T}/kbs` })
  return <BasesScreen tenant={tenant} q={q ?? ''} creating={create ?? false} onChange={next => void navigate({ search: s => clean({ ...s, ...next }), replace: true })} />
}

const clean = <S extends object>(search: S) => Object.fromEntries(Object.entries(search).filter(([, v]) => v !== undefined && v !== '' && v !== false)) as S

export function Overview() {
  const { tenant, kb } = useParams({ from: `${K}/overview` })
  return <OverviewScreen key={kb} tenant={tenant} kbId={kb} />
}

export function Conversations() {
  const { tenant, kb, id } = useParams({ from: `${K}/conversations/{-$id}` })
  const { status } = useSearch({ from: `${K}/conversations/{-$id}` })
  const navigate = useNavigate({ from: `${K}/conversations/{-$id}` })
  return <ConversationsScreen key={kb} kbId={kb} open={id} status={status} openSource={useOpenSource(tenant, kb)}
    onChange={next => void navigate({ params: p => ({ ...p, ...('open' in next && { id: next.open }) }), search: s => clean({ ...s, ...('status' in next && { status: next.status }) }), replace: 'status' in next })} />
}

export function Documents() {
  const { kb, doc } = useParams({ from: `${K}/documents/{-$doc}` })
  const { q, show, at } = useSearch({ from: `${K}/documents/{-$doc}` })
  const navigate = useNavigate({ from: `${K}/documents/{-$doc}` })
  return <DocumentsScreen key={kb} kbId={kb} open={doc} q={q ?? ''} filter={show ?? 'all'} at={at}
    onChange={next => void navigate({
      params: p => ({ ...p, ...('open' in next && { doc: next.open }) }),
      search: s => clean({ ...s, ...('open' in next && { at: undefined }), ...(next.q !== undefined && { q: next.q }), ...(next.filter && { show: next.filter === 'all' ? undefined : next.filter }) }),
      replace: !('open' in next),
    })} />
}

// Rooms seldom entered come when they are.
const SearchScreen = lazyRouteComponent(() => import('@/features/search/SearchScreen'), 'SearchScreen')
const FaqScreen = lazyRouteComponent(() => import('@/features/faq/FaqScreen'), 'FaqScreen')
const Sources = lazyRouteComponent(() => import('@/features/sources/SourcesPages'), 'SourcesPage')
const DatasetsScreen = lazyRouteComponent(() => import('@/features/benchmark/BenchmarkScreens'), 'DatasetsScreen')
const RunsScreen = lazyRouteComponent(() => import('@/features/benchmark/BenchmarkScreens'), 'RunsScreen')
const CompareScreen = lazyRouteComponent(() => import('@/features/benchmark/BenchmarkScreens'), 'CompareScreen')
const AnswersSettings = lazyRouteComponent(() => import('@/features/settings/AnswersSettings'), 'AnswersSettings')
const WidgetSettings = lazyRouteComponent(() => import('@/features/settings/SharingSettings'), 'WidgetSettings')
const ShareSettings = lazyRouteComponent(() => import('@/features/settings/SharingSettings'), 'ShareSettings')
const ApiSettings = lazyRouteComponent(() => import('@/features/settings/ApiSettings'), 'ApiSettings')
const workspace = () => import('@/features/workspace/WorkspaceScreens')
const MembersScreen = lazyRouteComponent(workspace, 'MembersScreen')
const SecurityScreen = lazyRouteComponent(workspace, 'SecurityScreen')
const UsageScreen = lazyRouteComponent(workspace, 'UsageScreen')
const AuditScreen = lazyRouteComponent(workspace, 'AuditScreen')

export function Search() {
  const { tenant, kb } = useParams({ from: `${K}/search` })
  const { q, mode, limit } = useSearch({ from: `${K}/search` })
  const navigate = useNavigate({ from: `${K}/search` })
  return <SearchScreen key={kb} tenant={tenant} kbId={kb} asked={{ q: q ?? '', mode: mode ?? 'hybrid', limit: limit ?? 10 }}
    onChange={next => void navigate({ search: s => clean({ ...s, ...(next.q !== undefined && { q: next.q }), ...(next.mode && { mode: next.mode === 'hybrid' ? undefined : next.mode }), ...(next.limit && { limit: next.limit === 10 ? undefined : next.limit }) }) })} />
}

export function Faq() {
  const { kb } = useParams({ from: `${K}/faq` })
  const { open, q } = useSearch({ from: `${K}/faq` })
  const navigate = useNavigate({ from: `${K}/faq` })
  return <FaqScreen key={kb} kbId={kb} open={open} q={q ?? ''} onChange={next => void navigate({ search: s => clean({ ...s, ...next }), replace: 'q' in next })} />
}

export function Web() {
  const { kb } = useParams({ from: `${K}/web` })
  const { open } = useSearch({ from: `${K}/web` })
  const navigate = useNavigate({ from: `${K}/web` })
  return <Sources key={kb} kbId={kb} kind="web" open={open} onChange={(next: { open?: string | undefined }) => void navigate({ search: s => clean({ ...s, ...next }) })} />
}

export function Email() {
  const { kb } = useParams({ from: `${K}/email` })
  const { open } = useSearch({ from: `${K}/email` })
  const navigate = useNavigate({ from: `${K}/email` })
  return <Sources key={kb} kbId={kb} kind="mail" open={open} onChange={(next: { open?: string | undefined }) => void navigate({ search: s => clean({ ...s, ...next }) })} />
}

export function Datasets() {
  const { tenant, kb, ds } = useParams({ from: `${K}/benchmark/datasets/{-$ds}` })
  const navigate = useNavigate({ from: `${K}/benchmark/datasets/{-$ds}` })
  return <DatasetsScreen tenant={tenant} kbId={kb} open={ds} onOpen={(id: string | undefined) => void navigate({ params: p => ({ ...p, ds: id }) })} />
}

export function Runs() {
  const { tenant, kb, run } = useParams({ from: `${K}/benchmark/runs/{-$run}` })
  const navigate = useNavigate({ from: `${K}/benchmark/runs/{-$run}` })
  return <RunsScreen tenant={tenant} kbId={kb} open={run} onOpen={(id: string | undefined) => void navigate({ params: p => ({ ...p, run: id }) })} />
}

export function Compare() {
  const { tenant, kb } = useParams({ from: `${K}/benchmark/compare` })
  const { base, runs, different } = useSearch({ from: `${K}/benchmark/compare` })
  const navigate = useNavigate({ from: `${K}/benchmark/compare` })
  return <CompareScreen tenant={tenant} kbId={kb} base={base ?? ''} runs={runs ?? ''} onlyDifferent={different ?? false} onChange={(next: { different?: boolean }) => void navigate({ search: s => clean({ ...s, ...next }) })} />
}

export function Answers() {
  const { tenant, kb } = useParams({ from: `${K}/settings/answers` })
  return <AnswersSettings key={kb} tenant={tenant} kbId={kb} />
}
export function Widget() {
  const { tenant, kb } = useParams({ from: `${K}/settings/widget` })
  return <WidgetSettings tenant={tenant} kbId={kb} />
}
export function Share() {
  const { tenant, kb } = useParams({ from: `${K}/settings/share` })
  return <ShareSettings tenant={tenant} kbId={kb} />
}
export function ApiKeys() {
  const { tenant, kb } = useParams({ from: `${K}/settings/api` })
  return <ApiSettings tenant={tenant} kbId={kb} />
}
export function Members() {
  const { invite } = useSearch({ from: `${T}/settings/members` })
  const navigate = useNavigate({ from: `${T}/settings/members` })
  return <MembersScreen inviting={invite ?? false} onChange={(next: { invite?: boolean }) => void navigate({ search: s => clean({ ...s, ...next }), replace: true })} />
}
export const Security = () => <SecurityScreen />
export const Usage = () => <UsageScreen />
export function Audit() {
  const { open } = useSearch({ from: `${T}/settings/audit` })
  const navigate = useNavigate({ from: `${T}/settings/audit` })
  return <AuditScreen open={open === undefined ? undefined : String(open)} onOpen={(open: string | undefined) => void navigate({ search: s => clean({ ...s, open }) })} />
}
