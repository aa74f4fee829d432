import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { useForm } from 'react-hook-form'
import { useTranslation } from 'react-i18next'
import type { Problem } from '@/api/problem'
import { demoQuery, socialQuery } from '@/api/queries'
import { admitted, login } from '@/api/session'
import { Button, buttonLook } from '@/ui/button'
import { Field, Input } from '@/ui/fields'
import { Complaint, Frame } from './Frame'

/** @param onIn called once a token is there; @param onMfa with the challenge where a second factor is asked for */
export function LoginScreen({ email, onIn, onMfa }: { email: string; onIn: () => void; onMfa: (challenge: string) => void }) {
  const { t } = useTranslation()
  const [complaint, setComplaint] = useState<string>()
  const form = useForm({ defaultValues: { email, password: '' } })
  const { data: social = [] } = useQuery(socialQuery)
  const demo = useQuery(demoQuery)
  const submit = form.handleSubmit(async values => {
    setComplaint(undefined)
    try {
      const answer = await login(values)
      if ('challenge' in answer) onMfa(answer.challenge)
      else {
        admitted(answer)
        onIn()
      }
    } catch (e) {
      form.setValue('password', '')
      form.setFocus('password')
      const problem = e as Problem
      setComplaint(problem.status === 0 ? t('state.awayText') : problem.status === 401 ? t('login.wrong') : problem.status === 429 ? t('login.tooMany', { count: problem.retryAfter ?? 60 }) : problem.message)
    }
  })
  return (
    <Frame title={t('login.title')} text={t('login.text')} foot={<>{t('login.new')} <Link to="/signup" className="text-accent underline underline-offset-2">{t('signup.action')}</Link></>}>
      <div className="grid gap-4 rounded-12 border border-line bg-surface p-5 shadow-low">
        <Complaint text={complaint} />
        <form className="grid gap-4" noValidate onSubmit={event => void submit(event)}>
          <Field label={t('login.email')} error={form.formState.errors.email && t('login.emailNeeded')}>{bind => <Input {...bind} type="email" autoComplete="username" autoFocus={!email} {...form.register('email', { required: true })} />}</Field>
          <Field label={t('login.password')} error={form.formState.errors.password && t('login.passwordNeeded')}>{bind => <Input {...bind} type="password" autoComplete="current-password" autoFocus={Boolean(email)} {...form.register('password', { required: true })} />}</Field>
          <Button type="submit" variant="primary" busy={form.formState.isSubmitting} className="w-full">{t('login.action')}</Button>
        </form>
        <Link to="/reset" search={{}} className="justify-self-center text-13 text-muted underline underline-offset-2 hover:text-fg">{t('login.forgot')}</Link>
        {social.length > 0 && (
          <div className="grid gap-2 border-t border-line pt-4">
            {social.map(provider => <a key={provider} href={`/api/v1/oauth/auth/${provider}`} className={buttonLook('secondary')}>{t(`login.with_${provider}`)}</a>)}
          </div>
        )}
      </div>
      {demo.data && <a href="/kb/demo" className="justify-self-center text-13 text-muted underline underline-offset-2 hover:text-fg">{t('login.demo')}</a>}
    </Frame>
  )
}
