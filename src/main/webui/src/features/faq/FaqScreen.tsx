import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { BookOpenText, Download, Plus, SearchX, Trash2, Upload } from 'lucide-react'
import { useRef, useState } from 'react'
import { useForm } from 'react-hook-form'
import { useTranslation } from 'react-i18next'
import { toast } from 'sonner'
import { api, raw } from '@/api/client'
import { isMissing, Problem } from '@/api/problem'
import { faqQuery } from '@/api/queries'
import type { FaqEntry } from '@/api/types'
import { Button } from '@/ui/button'
import { SearchBox } from '@/ui/bits'
import { Field, Textarea } from '@/ui/fields'
import { Confirm } from '@/ui/overlay'
import { Page, Peek } from '@/ui/page'
import { Notice, Remote, SkeletonRows } from '@/ui/states'
import { Table, type Column } from '@/ui/table'

/** The first lines of a file that could not be imported, each with its reason. */
const wrongLines = (problem: Problem) => problem.errors.slice(0, 5).map(e => `${e.pointer.replace(/^\/lines\//, '').replace('/', ' · ')}: ${e.detail}`).join('\n') || undefined

interface Props { kbId: string; open: string | undefined; q: string; onChange: (next: { open?: string | undefined; q?: string }) => void }

export function FaqScreen({ kbId, open, q, onChange }: Props) {
  const { t } = useTranslation()
  const client = useQueryClient()
  const query = useQuery(faqQuery(kbId))
  const file = useRef<HTMLInputElement>(null)
  const changed = () => client.invalidateQueries({ queryKey: ['kb', kbId] })
  const take = useMutation({
    mutationFn: (chosen: File) => {
      const form = new FormData()
      form.append('file', chosen, chosen.name)
      return api.post('/knowledge-bases/{kbId}/knowledge/import', { path: { kbId }, body: form })
    },
    onSuccess: done => { toast.success(t('faq.imported', { count: done.created + done.updated })); return changed() },
    onError: (e: Error) => toast.error(e.message || t('state.failed'), { description: e instanceof Problem ? wrongLines(e) : undefined }),
  })
  const give = useMutation({
    mutationFn: async () => (await raw('get', '/knowledge-bases/{kbId}/knowledge/export', { path: { kbId } })).blob(),
    onSuccess: file => {
      const link = document.createElement('a')
      link.href = URL.createObjectURL(file)
      link.download = 'faq.csv'
      link.click()
      setTimeout(() => URL.revokeObjectURL(link.href), 10_000)
    },
    onError: (e: Error) => toast.error(e.message || t('state.failed')),
  })
  const rows = (query.data ?? []).filter(e => `${e.question} ${e.answer}`.toLowerCase().includes(q.toLowerCase()))
  const chosen = open === 'new' ? null : query.data?.find(e => e.id === open)
  const columns: Column<FaqEntry>[] = [
    { key: 'q', title: t('faq.question'), width: 'minmax(0,1fr)', cell: e => <button type="button" className="max-w-full truncate text-left font-medium hover:underline" onClick={event => { event.stopPropagation(); onChange({ open: e.id }) }}>{e.question}</button> },
    { key: 'a', title: t('faq.answer'), width: 'minmax(0,1.4fr)', hideOnPhone: true, cell: e => <span className="text-muted">{e.answer}</span> },
  ]
  const offered = !isMissing(query.error)
  return (
    <Page title={t('nav.faq')} text={t('faq.about')}
      actions={offered && <>
        <Button icon={Upload} busy={take.isPending} onClick={() => file.current?.click()}>{t('faq.import')}</Button>
        <Button icon={Download} busy={give.isPending} disabled={!query.data?.length} onClick={() => give.mutate()}>{t('faq.export')}</Button>
        <Button variant="primary" icon={Plus} onClick={() => onChange({ open: 'new' })}>{t('faq.add')}</Button>
        <input ref={file} type="file" accept=".csv,text/csv" aria-hidden tabIndex={-1} className="sr-only" onChange={event => {
          const picked = event.target.files?.[0]
          if (picked) take.mutate(picked)
          event.target.value = ''
        }} />
      </>}
      toolbar={query.data?.length !== 0 && !query.isError ? <SearchBox label={t('faq.search')} value={q} onChange={event => onChange({ q: event.target.value })} /> : undefined}
      peek={(open === 'new' || chosen) && <EntryPeek key={open} kbId={kbId} entry={chosen ?? null} onClose={() => onChange({ open: undefined })} onChanged={changed} />}>
      <Remote query={query} optional what={t('nav.faq')} skeleton={<SkeletonRows />} empty={all => all.length === 0 && <Notice icon={BookOpenText} title={t('faq.empty')} text={t('faq.emptyText')} action={<Button variant="primary" icon={Plus} onClick={() => onChange({ open: 'new' })}>{t('faq.add')}</Button>} />}>
        {() => rows.length === 0 ? <Notice icon={SearchX} title={t('faq.none')} action={<Button onClick={() => onChange({ q: '' })}>{t('common.showAll')}</Button>} /> : <Table label={t('nav.faq')} rows={rows} columns={columns} id={e => e.id} open={open} onOpen={e => onChange({ open: e.id })} />}
      </Remote>
    </Page>
  )
}

function EntryPeek({ kbId, entry, onClose, onChanged }: { kbId: string; entry: FaqEntry | null; onClose: () => void; onChanged: () => Promise<unknown> }) {
  const { t } = useTranslation()
  const [complaint, setComplaint] = useState<string>()
  const form = useForm({ defaultValues: { question: entry?.question ?? '', answer: entry?.answer ?? '' } })
  const { errors, isSubmitting } = form.formState
  const submit = form.handleSubmit(async values => {
    try {
      await (entry ? api.put('/knowledge-bases/{kbId}/knowledge/{entryId}', { path: { kbId, entryId: entry.id }, body: values }) : api.post('/knowledge-bases/{kbId}/knowledge', { path: { kbId }, body: values }))
      await onChanged()
      toast.success(t('common.saved'))
      onClose()
    } catch (e) {
      setComplaint((e as Error).message || t('state.failed'))
    }
  })
  return (
    <Peek title={t(entry ? 'faq.edit' : 'faq.add')} onClose={onClose}>
      <form className="grid gap-4" noValidate onSubmit={event => void submit(event)}>
        <Field label={t('faq.question')} error={errors.question && t('account.needed')}>{bind => <Textarea {...bind} rows={2} autoFocus {...form.register('question', { required: true, maxLength: 2000 })} />}</Field>
        <Field label={t('faq.answer')} hint={t('faq.answerHint')} error={errors.answer && t('account.needed')}>{bind => <Textarea {...bind} rows={8} {...form.register('answer', { required: true })} />}</Field>
        {complaint && <p role="alert" className="text-13 text-bad">{complaint}</p>}
        <div className="flex gap-2">
          <Button type="submit" variant="primary" busy={isSubmitting}>{t('common.save')}</Button>
          {entry && <Confirm trigger={<Button variant="danger" icon={Trash2} className="ml-auto">{t('common.delete')}</Button>} title={t('faq.deleteTitle')} text={t('faq.deleteText')} action={t('common.delete')} onConfirm={async () => {
            try {
              await api.delete('/knowledge-bases/{kbId}/knowledge/{entryId}', { path: { kbId, entryId: entry.id } })
              await onChanged()
              onClose()
            } catch (e) {
              toast.error((e as Error).message || t('state.failed'))
            }
          }} />}
        </div>
      </form>
    </Peek>
  )
}
