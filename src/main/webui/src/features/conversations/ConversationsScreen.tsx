import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { CheckCheck, MessagesSquare } from 'lucide-react'
import { useMemo } from 'react'
import { useTranslation } from 'react-i18next'
import { toast } from 'sonner'
import { api } from '@/api/client'
import { conversationQuery, conversationsQuery, messagesQuery } from '@/api/queries'
import type { ConversationEntry } from '@/api/types'
import { Answer } from '@/chat/Answer'
import type { OpenSource } from '@/chat/Sources'
import { turnsOf } from '@/chat/turn'
import { useFollowed } from '@/chat/useFollowed'
import { ago, date } from '@/lib/format'
import { useKeys } from '@/lib/keys'
import { Badge } from '@/ui/bits'
import { Button } from '@/ui/button'
import { Segments } from '@/ui/fields'
import { Page, Peek } from '@/ui/page'
import { Notice, Remote, SkeletonRows, Skeleton } from '@/ui/states'
import { Table, type Column } from '@/ui/table'
import { useConversationEvents, useConversationTalk } from './useConversationEvents'

interface Props { kbId: string; open: string | undefined; status: 'active' | 'closed' | undefined; openSource: OpenSource; onChange: (next: { open?: string | undefined; status?: 'active' | 'closed' | undefined }) => void }

const short = (id: string) => id.slice(-8)

export function ConversationsScreen({ kbId, open, status, openSource, onChange }: Props) {
  const { t } = useTranslation()
  const query = useInfiniteQuery(conversationsQuery(kbId, status))
  useConversationEvents(kbId)
  const rows = useMemo(() => query.data?.pages.flatMap(p => p.items) ?? [], [query.data])
  const columns: Column<ConversationEntry>[] = [
    { key: 'id', title: t('conversations.conversation'), width: 'minmax(0,1fr)', cell: c => <button type="button" className="figures max-w-full truncate text-left font-medium hover:underline" onClick={event => { event.stopPropagation(); onChange({ open: c.id }) }}>#{short(c.id)}</button> },
    { key: 'status', title: t('conversations.status'), width: '100px', phone: '64px', cell: c => <Badge tone={c.status === 'active' ? 'good' : 'quiet'}>{t(`conversations.${c.status}`)}</Badge> },
    { key: 'begun', title: t('conversations.begun'), width: '180px', hideOnPhone: true, cell: c => <span className="figures text-muted">{date(c.createdAt)}</span> },
    { key: 'changed', title: t('conversations.changed'), width: '110px', phone: '76px', align: 'right', cell: c => <span className="text-muted">{ago(c.updatedAt)}</span> },
  ]
  return (
    <Page title={t('nav.conversations')} text={t('conversations.about')}
      toolbar={<Segments label={t('conversations.status')} value={status ?? 'all'} onChange={v => onChange({ status: v === 'all' ? undefined : v })} options={(['all', 'active', 'closed'] as const).map(value => ({ value, text: t(`conversations.${value}`) }))} />}
      peek={open && <ConversationPeek key={open} id={open} openSource={openSource} onClose={() => onChange({ open: undefined })} />}>
      <Remote query={query} skeleton={<SkeletonRows />} empty={() => rows.length === 0 && <Notice icon={MessagesSquare} title={t(status ? 'conversations.none' : 'conversations.empty')} text={t('conversations.emptyText')} />}>
        {() => <Table label={t('nav.conversations')} rows={rows} columns={columns} id={c => c.id} open={open} onOpen={c => onChange({ open: c.id })} end={() => { if (query.hasNextPage && !query.isFetchingNextPage) void query.fetchNextPage() }} />}
      </Remote>
    </Page>
  )
}

function ConversationPeek({ id, openSource, onClose }: { id: string; openSource: OpenSource; onClose: () => void }) {
  const { t } = useTranslation()
  const client = useQueryClient()
  const detail = useQuery(conversationQuery(id))
  const messages = useQuery(messagesQuery(id))
  useConversationTalk(id)
  const turns = useMemo(() => turnsOf(messages.data ?? []), [messages.data])
  const written = useFollowed(id, turns.at(-1))
  const close = useMutation({
    mutationFn: () => api.post('/chat/conversations/{conversationId}/close', { path: { conversationId: id } }),
    onSuccess: () => { toast.success(t('conversations.closedNow')); void client.invalidateQueries({ queryKey: ['conversations'] }); void detail.refetch() },
    onError: (e: Error) => toast.error(e.message || t('state.failed')),
  })
  const active = detail.data?.status === 'active'
  useKeys({ e: () => { if (active) close.mutate() } })
  const who = detail.data?.endUser?.name ?? detail.data?.endUser?.email ?? t('conversations.anonymous')
  return (
    <Peek title={t('conversations.number', { id: short(id) })} subtitle={detail.data ? `${who} · ${date(detail.data.createdAt)}` : '\u00a0'} onClose={onClose}
      actions={active && <Button variant="quiet" icon={CheckCheck} busy={close.isPending} onClick={() => close.mutate()}>{t('conversations.close')}</Button>}>
      <Remote query={messages} skeleton={<div className="grid gap-3"><Skeleton className="ml-auto h-9 w-1/2" /><Skeleton className="h-24" /></div>} empty={all => all.length === 0 && <Notice icon={MessagesSquare} title={t('conversations.silent')} />}>
        {() => (
          <div className="space-y-8">
            {turns.map(turn => (turn.over || turn.turnId !== written?.turn.turnId ? <Answer key={turn.turnId} turn={turn} openSource={openSource} detailed /> : <Answer key={turn.turnId} turn={written.turn} growing={written.growing} openSource={openSource} detailed />))}
          </div>
        )}
      </Remote>
    </Peek>
  )
}
