import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { ArrowRight, Compass, FileText, Globe } from 'lucide-react'
import { useCallback, useEffect, useMemo } from 'react'
import { useTranslation } from 'react-i18next'
import { isMissing } from '@/api/problem'
import { baseQuery, documentsQuery } from '@/api/queries'
import { Chat } from '@/chat/Chat'
import type { OpenSource } from '@/chat/Sources'
import { DropZone } from '@/features/documents/DropZone'
import { JobState } from '@/features/documents/JobState'
import { upload } from '@/features/documents/uploads'
import { useJobEvents } from '@/features/documents/useJobEvents'
import { number } from '@/lib/format'
import { Badge, Progress } from '@/ui/bits'
import { Facts } from '@/ui/page'
import { Failed, Notice, Skeleton } from '@/ui/states'
import { suggestionsQuery } from './suggestions'

/** A citation opens its document at the passage. */
export function useOpenSource(tenant: string, kb: string): OpenSource {
  return useCallback<NonNullable<OpenSource>>((citation, children, className) => (
    <Link to="/t/$tenant/kbs/$kb/documents/{-$doc}" params={{ tenant, kb, doc: citation.sourceId }} search={{ at: `~${citation.snippet.slice(0, 160)}` }} className={className}>{children}</Link>
  ), [tenant, kb])
}

/** Try it, feed it, see how it stands: the first screen of a knowledge base. */
export function OverviewScreen({ tenant, kbId }: { tenant: string; kbId: string }) {
  const { t } = useTranslation()
  useJobEvents(kbId)
  const base = useQuery(baseQuery(kbId))
  const documents = useQuery(documentsQuery(kbId))
  const ready = (documents.data ?? []).some(d => d.searchable)
  const working = useMemo(() => (documents.data ?? []).filter(d => d.job.status === 'pending' || d.job.status === 'processing'), [documents.data])
  const failed = (documents.data ?? []).filter(d => d.job.status === 'failed').length
  const suggestions = useQuery({ ...suggestionsQuery(kbId, base.data?.revision ?? 0, documents.data ?? []), enabled: ready && Boolean(base.data) })
  const openSource = useOpenSource(tenant, kbId)
  const name = base.data?.name
  useEffect(() => { if (name) document.title = `${name} · Kvasir` }, [name])
  if (base.isError) return <><h1 className="sr-only">{t('nav.overview')}</h1>{isMissing(base.error) ? <Notice icon={Compass} title={t('state.notFound')} text={t('state.notFoundText')} /> : <Failed error={base.error} retry={() => void base.refetch()} />}</>
  const kb = base.data
  const percent = working.length ? working.reduce((sum, d) => sum + d.job.progress, 0) / working.length : 0
  return (
    <div className="grid h-full min-h-0 grid-cols-[minmax(0,1fr)] grid-rows-[max(420px,66dvh)_auto] overflow-y-auto lg:grid-cols-[minmax(0,1fr)_320px] lg:grid-rows-1 lg:overflow-hidden">
      <div className="min-h-0">
        <h1 className="sr-only">{kb?.name ?? t('nav.overview')}</h1>
        {documents.isPending
          ? <div className="grid h-full place-items-center"><Skeleton className="h-24 w-64" /></div>
          : !ready && working.length === 0
            ? (
              <div className="grid h-full content-center px-4 py-8 sm:px-8">
                <div className="mx-auto grid w-full max-w-[560px] gap-4">
                  <div className="text-center"><h2 className="text-20 font-semibold">{t('overview.feed')}</h2><p className="mt-1 text-13 text-muted">{t('overview.feedText')}</p></div>
                  <DropZone size="large" title={t('documents.empty')} onFiles={files => upload(kbId, files)} />
                </div>
              </div>
              )
            : <Chat kbId={kbId} ready={ready} suggestions={suggestions.data ?? []} openSource={openSource}
                empty={ready ? undefined : (
                  <div className="grid gap-3" role="status">
                    <h2 className="text-16 font-semibold">{t('overview.reading', { count: working.length, name: working[0]?.fileName ?? '' })}</h2>
                    <Progress value={percent} label={t('overview.readingLabel')} />
                    <p className="text-13 text-muted">{t('overview.readingText')}</p>
                  </div>
                )} />}
      </div>
      <aside aria-label={t('overview.standing')} className="grid content-start gap-5 border-t contain-content border-line bg-surface p-4 lg:overflow-y-auto lg:border-t-0 lg:border-l">
        {kb ? kb.description && <p className="text-13 text-muted">{kb.description}</p> : <Skeleton className="h-5" />}
        <section className="grid gap-2">
          <h2 className="text-12 font-semibold text-muted">{t('overview.standing')}</h2>
          {kb ? <Facts items={[
            [t('overview.documents'), number(kb.documents)],
            [t('overview.passages'), number(kb.passages)],
            [t('overview.model'), kb.provider === kb.model ? t(`model.provider_${kb.provider}`, { defaultValue: kb.model }) : kb.model || kb.provider],
            [t('overview.revision'), number(kb.revision)],
            [t('overview.answers'), <Badge key="a" tone={kb.active ? 'good' : 'warn'}>{t(kb.active ? 'overview.on' : 'overview.off')}</Badge>],
          ]} /> : <Skeleton className="h-28" />}
        </section>
        {ready && <DropZone title={t('documents.drop')} text={t('overview.more')} onFiles={files => upload(kbId, files)} />}
        {documents.data && documents.data.length > 0 && (
          <section className="grid gap-1.5">
            <div className="flex items-center justify-between"><h2 className="text-12 font-semibold text-muted">{t('overview.recent')}</h2><Link to="/t/$tenant/kbs/$kb/documents/{-$doc}" params={{ tenant, kb: kbId }} className="inline-flex min-h-6 items-center gap-1 text-12 text-accent hover:underline">{t('common.showAll')}<ArrowRight size={12} aria-hidden /></Link></div>
            {failed > 0 && <Link to="/t/$tenant/kbs/$kb/documents/{-$doc}" params={{ tenant, kb: kbId }} search={{ show: 'failed' }} className="text-12 text-bad hover:underline">{t('overview.failed', { count: failed })}</Link>}
            <ul className="grid">
              {documents.data.slice(-5).toReversed().map(d => (
                <li key={d.id}><Link to="/t/$tenant/kbs/$kb/documents/{-$doc}" params={{ tenant, kb: kbId, doc: d.id }} className="-mx-2 flex min-h-9 items-center gap-2 rounded-6 px-2 text-13 hover:bg-raised"><FileText size={14} aria-hidden className="shrink-0 text-muted" /><span className="min-w-0 flex-1 truncate">{d.title}</span>{d.job.status !== 'completed' && <JobState job={d.job} />}</Link></li>
              ))}
            </ul>
          </section>
        )}
        {kb && !documents.isPending && (
          <section className="grid gap-1.5">
            <h2 className="text-12 font-semibold text-muted">{t('overview.sharing')}</h2>
            {kb.public && kb.shareUrl
              ? <a href={kb.shareUrl} target="_blank" rel="noopener" className="inline-flex min-h-6 min-w-0 items-center gap-1.5 text-13 text-accent hover:underline"><Globe size={14} aria-hidden className="shrink-0" /><span className="truncate">{kb.shareUrl}</span></a>
              : <p className="text-13 text-muted">{t('overview.private')} <Link to="/t/$tenant/kbs/$kb/settings/share" params={{ tenant, kb: kbId }} className="text-accent underline underline-offset-2">{t('overview.share')}</Link></p>}
          </section>
        )}
      </aside>
    </div>
  )
}
