import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { Globe, Plus, SearchX } from 'lucide-react'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { toast } from 'sonner'
import { basesQuery } from '@/api/queries'
import type { KnowledgeBase } from '@/api/types'
import { DropZone } from '@/features/documents/DropZone'
import { ago, number } from '@/lib/format'
import { useKeys } from '@/lib/keys'
import { Avatar, Badge, SearchBox } from '@/ui/bits'
import { Button } from '@/ui/button'
import { Page } from '@/ui/page'
import { Notice, Remote, Skeleton } from '@/ui/states'
import { CreateDialog } from './CreateDialog'
import { startWith } from './start'

export function BasesScreen({ tenant, q, creating, onChange }: { tenant: string; q: string; creating: boolean; onChange: (next: { q?: string; create?: boolean }) => void }) {
  const { t } = useTranslation()
  const query = useQuery(basesQuery)
  const navigate = useNavigate()
  const client = useQueryClient()
  const [starting, setStarting] = useState(false)
  useKeys({ c: () => onChange({ create: true }) })
  const begin = async (files: File[]) => {
    setStarting(true)
    try {
      const kb = await startWith(files)
      void client.invalidateQueries({ queryKey: ['kbs'] })
      await navigate({ to: '/t/$tenant/kbs/$kb/overview', params: { tenant, kb: kb.id } })
    } catch (e) {
      toast.error((e as Error).message || t('state.failed'))
    } finally {
      setStarting(false)
    }
  }
  const shown = (query.data ?? []).filter(kb => `${kb.name} ${kb.description ?? ''}`.toLowerCase().includes(q.toLowerCase()))
  const few = (query.data?.length ?? 0) < 2
  return (
    <Page title={t('nav.bases')} text={t('bases.about')}
      actions={<Button variant="primary" icon={Plus} onClick={() => onChange({ create: true })}>{t('bases.create')}</Button>}
      toolbar={<SearchBox label={t('bases.search')} value={q} onChange={event => onChange({ q: event.target.value })} />}>
      <div className="grid gap-4">
        {query.data && <DropZone size={few ? 'large' : 'small'} busy={starting} title={t(few ? 'bases.dropFirst' : 'bases.drop')} text={t('bases.dropText')} onFiles={files => void begin(files)} />}
        <Remote query={query} skeleton={<div className="grid gap-3 sm:grid-cols-2 lg:grid-cols-3">{[0, 1, 2].map(i => <Skeleton key={i} className="h-[148px] rounded-12" />)}</div>}>
          {all => shown.length === 0 && all.length > 0
            ? <Notice icon={SearchX} title={t('bases.none', { q })} action={<Button onClick={() => onChange({ q: '' })}>{t('common.showAll')}</Button>} />
            : <ul className="grid gap-3 sm:grid-cols-2 lg:grid-cols-3">{shown.map(kb => <BaseCard key={kb.id} tenant={tenant} kb={kb} />)}</ul>}
        </Remote>
      </div>
      <CreateDialog open={creating} onClose={() => onChange({ create: false })} onCreated={kb => {
        void client.invalidateQueries({ queryKey: ['kbs'] })
        void navigate({ to: '/t/$tenant/kbs/$kb/overview', params: { tenant, kb: kb.id } })
      }} />
    </Page>
  )
}

function BaseCard({ tenant, kb }: { tenant: string; kb: KnowledgeBase }) {
  const { t } = useTranslation()
  return (
    <li className="group relative flex min-h-[148px] flex-col rounded-12 border border-line bg-surface p-4 shadow-low transition-colors focus-within:border-accent hover:border-edge">
      <div className="flex items-start gap-3">
        <Avatar name={kb.name} seed={kb.id} />
        <div className="min-w-0 flex-1">
          <h2 className="truncate text-14 font-semibold"><Link to="/t/$tenant/kbs/$kb/overview" params={{ tenant, kb: kb.id }} className="outline-none after:absolute after:inset-0 after:rounded-12">{kb.name}</Link></h2>
          <p className="figures text-12 text-muted">{t('bases.counts', { count: kb.documents, documents: number(kb.documents), passages: number(kb.passages) })}</p>
        </div>
      </div>
      <p className="mt-3 line-clamp-2 flex-1 text-13 text-muted">{kb.description ?? t('bases.noDescription')}</p>
      <p className="mt-3 flex items-center gap-1.5 text-12 text-muted">
        {kb.public && <Badge tone="good"><Globe size={11} aria-hidden />{t('bases.shared')}</Badge>}
        {!kb.active && <Badge tone="warn">{t('bases.inactive')}</Badge>}
        <span className="ml-auto">{t('bases.changed', { when: ago(kb.updatedAt) })}</span>
      </p>
    </li>
  )
}
