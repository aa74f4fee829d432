import { useJobEvents } from '@/features/documents/useJobEvents'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Plus, RefreshCw, Square, Trash2, type LucideIcon } from 'lucide-react'
import { useState, type ReactNode } from 'react'
import { useForm } from 'react-hook-form'
import { useTranslation } from 'react-i18next'
import { toast } from 'sonner'
import { api } from '@/api/client'
import { isMissing } from '@/api/problem'
import { kbPath, listQuery } from '@/api/queries'
import { ago, date } from '@/lib/format'
import { Badge, type Tone } from '@/ui/bits'
import { Button } from '@/ui/button'
import { Field, Input, Select } from '@/ui/fields'
import { Confirm, Dialog } from '@/ui/overlay'
import { Facts, Page, Peek } from '@/ui/page'
import { Notice, Remote, Skeleton, SkeletonRows } from '@/ui/states'
import { Table, type Column } from '@/ui/table'

/** A place that is read again and again: a web site or a mailbox. What it holds beyond this is shown as the server names it. */
export interface Source { id: string; status?: string; enabled?: boolean; error?: { detail?: string } | string | null; [key: string]: unknown }

export interface Wish { name: string; label: string; type?: 'text' | 'url' | 'number' | 'password' | 'email'; options?: { value: string; text: string }[]; value?: string; hint?: string; optional?: boolean; when?: (values: Record<string, string>) => boolean }

export interface Kind {
  /** collection below the knowledge base, and what reading it again is called */
  collection: string
  again: string
  icon: LucideIcon
  title: string
  about: string
  add: string
  empty: string
  emptyText: string
  run: string
  deleteText: string
  wishes: Wish[]
  body: (values: Record<string, string>) => unknown
  /** What its owner has to agree to elsewhere before it can be read; undefined where nothing is left to do */
  consent?: (source: Source) => string | undefined
  name: (source: Source) => string
  next: (source: Source) => string | undefined
  last: (source: Source) => string | undefined
  facts: (source: Source) => [string, ReactNode][]
}

const tone = (status: string): Tone => (/fail|error/i.test(status) ? 'bad' : /run|process|pending|sync|crawl|queued|fetch|added/i.test(status) ? 'accent' : /paus|disab|cancel|partial|stale|removed/i.test(status) ? 'warn' : 'good')
const agree = async (path: string, source: Source) => window.location.assign((await api.post<{ authorizationUrl: string }>(`${path}/${source.id}/authorize`)).authorizationUrl)
const reason = (source: Source) => (typeof source.error === 'string' ? source.error : source.error?.detail)

export function SourcesScreen({ kbId, kind, open, onChange }: { kbId: string; kind: Kind; open: string | undefined; onChange: (next: { open?: string | undefined }) => void }) {
  const { t } = useTranslation()
  const path = `${kbPath(kbId)}/${kind.collection}`
  const query = useQuery(listQuery<Source>(path))
  useJobEvents(kbId)
  const chosen = query.data?.find(s => s.id === open)
  const columns: Column<Source>[] = [
    { key: 'name', title: t(`sources.column.${kind.collection}`), width: 'minmax(0,1fr)', cell: s => <button type="button" className="max-w-full truncate text-left font-medium hover:underline" onClick={event => { event.stopPropagation(); onChange({ open: s.id }) }}>{kind.name(s)}</button> },
    { key: 'status', title: t('sources.status'), width: '120px', phone: '84px', cell: s => (s.status ? <Badge tone={tone(s.status)}>{t(`sources.state.${s.status.toLowerCase()}`, { defaultValue: s.status })}</Badge> : '–') },
    { key: 'last', title: t('sources.last'), width: '130px', hideOnPhone: true, cell: s => <span className="text-muted">{kind.last(s) ? ago(kind.last(s)!) : '–'}</span> },
    { key: 'next', title: t('sources.next'), width: '130px', hideOnPhone: true, cell: s => <span className="text-muted">{kind.next(s) ? ago(kind.next(s)!) : '–'}</span> },
  ]
  const add = <Button variant="primary" icon={Plus} onClick={() => onChange({ open: 'new' })}>{kind.add}</Button>
  return (
    <Page title={kind.title} text={kind.about} actions={!isMissing(query.error) && add} peek={chosen && <SourcePeek key={chosen.id} path={path} kind={kind} source={chosen} onClose={() => onChange({ open: undefined })} />}>
      <Remote query={query} optional what={kind.title} skeleton={<SkeletonRows />} empty={all => all.length === 0 && <Notice icon={kind.icon} title={kind.empty} text={kind.emptyText} action={add} />}>
        {rows => <Table label={kind.title} rows={rows} columns={columns} id={s => s.id} open={open} onOpen={s => onChange({ open: s.id })} />}
      </Remote>
      {open === 'new' && <AddDialog path={path} kind={kind} onClose={() => onChange({ open: undefined })} />}
    </Page>
  )
}

function AddDialog({ path, kind, onClose }: { path: string; kind: Kind; onClose: () => void }) {
  const { t } = useTranslation()
  const client = useQueryClient()
  const [complaint, setComplaint] = useState<string>()
  const form = useForm<Record<string, string>>({ defaultValues: Object.fromEntries(kind.wishes.map(w => [w.name, w.value ?? w.options?.[0]?.value ?? ''])) })
  const values = form.watch()
  const submit = form.handleSubmit(async given => {
    try {
      const made = await api.post<Source>(path, kind.body(given))
      if (kind.consent?.(made)) return await agree(path, made)
      await client.invalidateQueries({ queryKey: ['list', path] })
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

interface Run { id?: string; status?: string; startedAt?: string; endedAt?: string; completedAt?: string; at?: string; error?: { detail?: string } | string | null; [key: string]: unknown }

function SourcePeek({ path, kind, source, onClose }: { path: string; kind: Kind; source: Source; onClose: () => void }) {
  const { t } = useTranslation()
  const client = useQueryClient()
  const history = useQuery(listQuery<Run>(`${path}/${source.id}/history`))
  const changed = () => client.invalidateQueries({ queryKey: ['list', path] })
  const run = useMutation({ mutationFn: () => api.post(`${path}/${source.id}/${kind.again}`), onSuccess: () => { toast.success(t('sources.started')); void history.refetch(); return changed() }, onError: (e: Error) => toast.error(e.message || t('state.failed')) })
  const cancel = useMutation({ mutationFn: () => api.post(`${path}/${source.id}/cancel`), onSuccess: () => { void history.refetch(); return changed() }, onError: (e: Error) => toast.error(e.message || t('state.failed')) })
  const why = reason(source)
  return (
    <Peek title={kind.name(source)} subtitle={kind.title} onClose={onClose}>
      <div className="grid gap-4">
        {why && <p role="alert" className="rounded-8 bg-bad-soft px-3 py-2 text-13 text-bad">{why}</p>}
        <div className="flex flex-wrap gap-2">
          {kind.consent?.(source) && <Button variant="primary" onClick={() => void agree(path, source).catch((e: Error) => toast.error(e.message || t('state.failed')))}>{kind.consent(source)}</Button>}
          <Button variant="primary" icon={RefreshCw} busy={run.isPending} onClick={() => run.mutate()}>{kind.run}</Button>
          {/^(fetching|processing)$/.test(source.status ?? '') && <Button icon={Square} busy={cancel.isPending} onClick={() => cancel.mutate()}>{t('common.cancel')}</Button>}
          <Confirm trigger={<Button variant="danger" icon={Trash2}>{t('common.delete')}</Button>} title={t('sources.deleteTitle', { name: kind.name(source) })} text={kind.deleteText} action={t('common.delete')} onConfirm={async () => {
            try {
              await api.delete(`${path}/${source.id}`)
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
                {runs.slice(0, 50).map((r, i) => {
                  const at = r.startedAt ?? r.at ?? r.endedAt ?? r.completedAt
                  return <li key={r.id ?? i} className="grid gap-0.5 px-3 py-2"><span className="flex justify-between gap-2"><span className="figures text-muted">{at ? date(at) : ''}</span>{r.status && <Badge tone={tone(r.status)}>{t(`sources.state.${r.status.toLowerCase()}`, { defaultValue: r.status })}</Badge>}</span>{r.error && <span className="text-12 text-bad">{typeof r.error === 'string' ? r.error : r.error.detail}</span>}<Counts run={r} /></li>
                })}
              </ul>
            )}
          </Remote>
        </section>
      </div>
    </Peek>
  )
}

function Counts({ run }: { run: Run }) {
  const { t } = useTranslation()
  const counts = Object.entries(run).filter(([, value]) => typeof value === 'number' && value > 0) as [string, number][]
  return counts.length ? <span className="figures text-12 text-muted">{counts.map(([key, value]) => `${t(`sources.count.${key}`, { defaultValue: key })} ${value}`).join(' · ')}</span> : null
}
