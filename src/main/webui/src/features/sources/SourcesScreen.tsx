import { useJobEvents } from '@/features/documents/useJobEvents'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Plus, RefreshCw, Square, Trash2, type LucideIcon } from 'lucide-react'
import { useState, type ReactNode } from 'react'
import { useForm } from 'react-hook-form'
import { useTranslation } from 'react-i18next'
import { toast } from 'sonner'
import { address } from '@/api/contract'
import { isMissing } from '@/api/problem'
import type { SourceRun, WebSource } from '@/api/types'
import { ago, date } from '@/lib/format'
import { Badge, type Tone } from '@/ui/bits'
import { Button } from '@/ui/button'
import { Field, Input, Select } from '@/ui/fields'
import { Confirm, Dialog } from '@/ui/overlay'
import { Facts, Page, Peek } from '@/ui/page'
import { Notice, Remote, Skeleton, SkeletonRows } from '@/ui/states'
import { Table, type Column } from '@/ui/table'

/** A place that is read again and again: a web site or a mailbox. */
export interface Source { id: string; status: WebSource['status']; error: WebSource['error'] }

export interface Wish { name: string; label: string; type?: 'text' | 'url' | 'number' | 'password' | 'email'; options?: { value: string; text: string }[]; value?: string; hint?: string; optional?: boolean; when?: (values: Record<string, string>) => boolean }

/** What there is to do with one kind of source. */
interface Calls<S> {
  list: (kbId: string, signal: AbortSignal) => Promise<S[]>
  add: (kbId: string, values: Record<string, string>) => Promise<S>
  again: (kbId: string, id: string) => Promise<unknown>
  cancel: (kbId: string, id: string) => Promise<unknown>
  remove: (kbId: string, id: string) => Promise<unknown>
  history: (kbId: string, id: string, signal: AbortSignal) => Promise<SourceRun[]>
}

export interface Kind<S extends Source> {
  key: 'web-sources' | 'email-accounts'
  icon: LucideIcon
  title: string
  about: string
  add: string
  empty: string
  emptyText: string
  run: string
  deleteText: string
  wishes: Wish[]
  calls: Calls<S>
  /** What its owner has to agree to elsewhere before it can be read, and how to ask for the address where; undefined where nothing is left to do */
  consent?: (source: S) => { text: string; ask: (kbId: string) => Promise<string> } | undefined
  name: (source: S) => string
  next: (source: S) => string | null
  last: (source: S) => string | null
  facts: (source: S) => [string, ReactNode][]
}

const TONE: Record<Source['status'] | SourceRun['status'], Tone> = { added: 'accent', fetching: 'accent', processing: 'accent', fresh: 'good', stale: 'warn', failed: 'bad', removed: 'warn', running: 'accent', completed: 'good', cancelled: 'warn' }
/** Off to where the owner agrees. */
const agree = async (kbId: string, consent: { ask: (kbId: string) => Promise<string> }) => window.location.assign(await consent.ask(kbId))

/** Under the address of what it is of, where news of sources look for it. */
const key = (kbId: string, kind: { key: string }, ...more: string[]) => ['list', `${address('/knowledge-bases/{kbId}', { path: { kbId } })}/${kind.key}`, ...more]

export function SourcesScreen<S extends Source>({ kbId, kind, open, onChange }: { kbId: string; kind: Kind<S>; open: string | undefined; onChange: (next: { open?: string | undefined }) => void }) {
  const { t } = useTranslation()
  const query = useQuery({ queryKey: key(kbId, kind), queryFn: ({ signal }) => kind.calls.list(kbId, signal) })
  useJobEvents(kbId)
  const chosen = query.data?.find(s => s.id === open)
  const columns: Column<S>[] = [
    { key: 'name', title: t(`sources.column.${kind.key}`), width: 'minmax(0,1fr)', cell: s => <button type="button" className="max-w-full truncate text-left font-medium hover:underline" onClick={event => { event.stopPropagation(); onChange({ open: s.id }) }}>{kind.name(s)}</button> },
    { key: 'status', title: t('sources.status'), width: '120px', phone: '84px', cell: s => <Badge tone={TONE[s.status]}>{t(`sources.state.${s.status}`)}</Badge> },
    { key: 'last', title: t('sources.last'), width: '130px', hideOnPhone: true, cell: s => <span className="text-muted">{kind.last(s) ? ago(kind.last(s)!) : '–'}</span> },
    { key: 'next', title: t('sources.next'), width: '130px', hideOnPhone: true, cell: s => <span className="text-muted">{kind.next(s) ? ago(kind.next(s)!) : '–'}</span> },
  ]
  const add = <Button variant="primary" icon={Plus} onClick={() => onChange({ open: 'new' })}>{kind.add}</Button>
  return (
    <Page title={kind.title} text={kind.about} actions={!isMissing(query.error) && add} peek={chosen && <SourcePeek key={chosen.id} kbId={kbId} kind={kind} source={chosen} onClose={() => onChange({ open: undefined })} />}>
      <Remote query={query} optional what={kind.title} skeleton={<SkeletonRows />} empty={all => all.length === 0 && <Notice icon={kind.icon} title={kind.empty} text={kind.emptyText} action={add} />}>
        {rows => <Table label={kind.title} rows={rows} columns={columns} id={s => s.id} open={open} onOpen={s => onChange({ open: s.id })} />}
      </Remote>
      {open === 'new' && <AddDialog kbId={kbId} kind={kind} onClose={() => onChange({ open: undefined })} />}
    </Page>
  )
}

function AddDialog<S extends Source>({ kbId, kind, onClose }: { kbId: string; kind: Kind<S>; onClose: () => void }) {
  const { t } = useTranslation()
  const client = useQueryClient()
  const [complaint, setComplaint] = useState<string>()
  const form = useForm<Record<string, string>>({ defaultValues: Object.fromEntries(kind.wishes.map(w => [w.name, w.value ?? w.options?.[0]?.value ?? ''])) })
  const values = form.watch()
  const submit = form.handleSubmit(async given => {
    try {
      const made = await kind.calls.add(kbId, given)
      const consent = kind.consent?.(made)
      if (consent) return await agree(kbId, consent)
      await client.invalidateQueries({ queryKey: key(kbId, kind) })
      onClose()
    } catch (e) {
      const problem = e as Error & { errors?: { pointer: string; detail: string }[] }
      for (const error of problem.errors ?? []) form.setError(error.pointer.slice(1).split('/').at(-1)!, { message: error.detail })
      setComplaint(problem.message || t('state.failed'))
    }
  })
  return (
    <Dialog open onClose={onClose} title={kind.add} footer={<><Button onClick={onClose}>{t('common.cancel')}</Button><Button variant="primary" busy={form.formState.isSubmitting} onClick={() => void submit()}>{kind.add}</Button></>}>
      <form className="grid gap-4" noValidate onSubmit={event => void submit(event)}>
        {kind.wishes.filter(w => w.when?.(values) ?? true).map(w => (
          <Field key={w.name} label={w.label} hint={w.hint} error={form.formState.errors[w.name] && (form.formState.errors[w.name]?.message?.toString() || t('account.needed'))}>
            {bind => w.options
              ? <Select {...bind} {...form.register(w.name)}>{w.options.map(o => <option key={o.value} value={o.value}>{o.text}</option>)}</Select>
              : <Input {...bind} type={w.type ?? 'text'} autoComplete="off" {...form.register(w.name, { required: !w.optional })} />}
          </Field>
        ))}
        {complaint && <p role="alert" className="text-13 text-bad">{complaint}</p>}
        <button type="submit" hidden aria-hidden tabIndex={-1} />
      </form>
    </Dialog>
  )
}

function SourcePeek<S extends Source>({ kbId, kind, source, onClose }: { kbId: string; kind: Kind<S>; source: S; onClose: () => void }) {
  const { t } = useTranslation()
  const client = useQueryClient()
  const history = useQuery({ queryKey: key(kbId, kind, source.id), queryFn: ({ signal }) => kind.calls.history(kbId, source.id, signal) })
  const changed = () => client.invalidateQueries({ queryKey: key(kbId, kind) })
  const run = useMutation({ mutationFn: () => kind.calls.again(kbId, source.id), onSuccess: () => { toast.success(t('sources.started')); void history.refetch(); return changed() }, onError: (e: Error) => toast.error(e.message || t('state.failed')) })
  const cancel = useMutation({ mutationFn: () => kind.calls.cancel(kbId, source.id), onSuccess: () => { void history.refetch(); return changed() }, onError: (e: Error) => toast.error(e.message || t('state.failed')) })
  const consent = kind.consent?.(source)
  return (
    <Peek title={kind.name(source)} subtitle={kind.title} onClose={onClose}>
      <div className="grid gap-4">
        {source.error && <p role="alert" className="rounded-8 bg-bad-soft px-3 py-2 text-13 text-bad">{source.error.detail}</p>}
        <div className="flex flex-wrap gap-2">
          {consent && <Button variant="primary" onClick={() => void agree(kbId, consent).catch((e: Error) => toast.error(e.message || t('state.failed')))}>{consent.text}</Button>}
          <Button variant="primary" icon={RefreshCw} busy={run.isPending} onClick={() => run.mutate()}>{kind.run}</Button>
          {(source.status === 'fetching' || source.status === 'processing') && <Button icon={Square} busy={cancel.isPending} onClick={() => cancel.mutate()}>{t('common.cancel')}</Button>}
          <Confirm trigger={<Button variant="danger" icon={Trash2}>{t('common.delete')}</Button>} title={t('sources.deleteTitle', { name: kind.name(source) })} text={kind.deleteText} action={t('common.delete')} onConfirm={async () => {
            try {
              await kind.calls.remove(kbId, source.id)
              onClose()
              await changed()
            } catch (e) {
              toast.error((e as Error).message || t('state.failed'))
            }
          }} />
        </div>
        <Facts items={kind.facts(source)} />
        <section className="grid gap-2">
          <h3 className="text-13 font-semibold">{t('sources.history')}</h3>
          <Remote query={history} optional skeleton={<Skeleton className="h-24" />} empty={all => all.length === 0 && <p className="text-13 text-muted">{t('sources.noHistory')}</p>}>
            {runs => (
              <ul className="divide-y divide-line rounded-8 border border-line text-13">
                {runs.slice(0, 50).map(r => <li key={r.id} className="grid gap-0.5 px-3 py-2"><span className="flex justify-between gap-2"><span className="figures text-muted">{date(r.startedAt)}</span><Badge tone={TONE[r.status]}>{t(`sources.state.${r.status}`)}</Badge></span>{r.error && <span className="text-12 text-bad">{r.error.detail}</span>}<Counts run={r} /></li>)}
              </ul>
            )}
          </Remote>
        </section>
      </div>
    </Peek>
  )
}

const COUNTS = ['found', 'fetched', 'changed', 'unchanged', 'removed', 'skipped', 'failed'] as const

function Counts({ run }: { run: SourceRun }) {
  const { t } = useTranslation()
  const counts = COUNTS.filter(name => run[name] > 0)
  return counts.length ? <span className="figures text-12 text-muted">{counts.map(name => `${t(`sources.count.${name}`)} ${run[name]}`).join(' · ')}</span> : null
}
