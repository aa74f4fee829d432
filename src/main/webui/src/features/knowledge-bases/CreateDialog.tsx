import { zodResolver } from '@hookform/resolvers/zod'
import { useForm } from 'react-hook-form'
import { useTranslation } from 'react-i18next'
import { z } from 'zod'
import { api } from '@/api/client'
import { Problem } from '@/api/problem'
import type { KnowledgeBase } from '@/api/types'
import { Button } from '@/ui/button'
import { Field, Input, Textarea } from '@/ui/fields'
import { Dialog } from '@/ui/overlay'
import { ModelFields } from './ModelFields'

const SHAPE = z.object({ name: z.string().trim().min(1).max(200), description: z.string().max(2000), provider: z.string(), model: z.string().max(200) })
type Shape = z.infer<typeof SHAPE>

export function CreateDialog({ open, onClose, onCreated }: { open: boolean; onClose: () => void; onCreated: (kb: KnowledgeBase) => void }) {
  const { t } = useTranslation()
  const form = useForm<Shape>({ resolver: zodResolver(SHAPE), defaultValues: { name: '', description: '', provider: '', model: '' } })
  const { errors, isSubmitting } = form.formState
  const submit = form.handleSubmit(async values => {
    try {
      const kb = await api.post('/knowledge-bases', { body: {
        name: values.name, ...(values.description && { description: values.description }), ...(values.provider && { provider: values.provider }), ...(values.model && { model: values.model }),
      } })
      form.reset()
      onClose()
      onCreated(kb)
    } catch (e) {
      const problem = e as Problem
      for (const error of problem.errors ?? []) {
        const field = error.pointer.slice(1)
        if (field in values) form.setError(field as keyof Shape, { message: error.detail })
      }
      form.setError('root', { message: problem.message || t('state.failed') })
    }
  })
  return (
    <Dialog open={open} onClose={onClose} title={t('bases.create')} text={t('bases.createText')}
      footer={<><Button onClick={onClose}>{t('common.cancel')}</Button><Button variant="primary" busy={isSubmitting} onClick={() => void submit()}>{t('bases.createAction')}</Button></>}>
      <form className="grid gap-4" noValidate onSubmit={event => void submit(event)}>
        <Field label={t('bases.name')} error={errors.name && t('bases.nameNeeded')}>{bind => <Input {...bind} {...form.register('name')} autoFocus autoComplete="off" />}</Field>
        <Field label={t('bases.description')} hint={t('bases.descriptionHint')} error={errors.description?.message}>{bind => <Textarea {...bind} {...form.register('description')} rows={2} />}</Field>
        <ModelFields provider={form.watch('provider')} model={form.watch('model')} onChange={next => { form.setValue('provider', next.provider); form.setValue('model', next.model) }} errors={{ provider: errors.provider?.message, model: errors.model?.message }} />
        {errors.root && <p role="alert" className="text-13 text-bad">{errors.root.message}</p>}
        <button type="submit" hidden aria-hidden tabIndex={-1} />
      </form>
    </Dialog>
  )
}
