import { useEffect, useState, type ReactNode } from 'react'
import { useForm } from 'react-hook-form'
import { useTranslation } from 'react-i18next'
import { api } from '@/api/client'
import { isMissing, type Problem } from '@/api/problem'
import { admitted, loginAddress, renew } from '@/api/session'
import { Button } from '@/ui/button'
import { Field, Input } from '@/ui/fields'
import { Complaint, Frame } from './Frame'

/** One form of the account: sends, and says what became of it. A call the server does not offer says so calmly. */
function AccountForm<T extends Record<string, string>>({ fields, start, action, send }: {
  fields: { name: keyof T & string; label: string; type: string; complete: string; hint?: string; check?: (value: string) => string | undefined }[]
  start: T
  action: string
  send: (values: T) => Promise<void>
}) {
  const { t } = useTranslation()
  const [complaint, setComplaint] = useState<string>()
  const form = useForm<Record<string, string>>({ defaultValues: start })
  const submit = form.handleSubmit(async values => {
    setComplaint(undefined)
    try {
      await send(values as T)
    } catch (e) {
      const problem = e as Problem
      for (const error of problem.errors ?? []) if (error.pointer.slice(1) in values) form.setError(error.pointer.slice(1), { message: error.detail })
      setComplaint(isMissing(e) ? t('state.notAvailableText') : problem.status === 0 ? t('state.awayText') : problem.message || t('state.failedText'))
    }
  })
  return (
    <form className="grid gap-4 rounded-12 border border-line bg-surface p-5 shadow-low" noValidate onSubmit={event => void submit(event)}>
      <Complaint text={complaint} />
      {fields.map((field, i) => (
        <Field key={field.name} label={field.label} hint={field.hint} error={form.formState.errors[field.name] && (form.formState.errors[field.name]?.message?.toString() || t('account.needed'))}>
          {bind => <Input {...bind} type={field.type} autoComplete={field.complete} autoFocus={i === 0} {...(field.complete === 'one-time-code' && { inputMode: 'numeric' as const })} {...form.register(field.name, { required: true, validate: value => field.check?.(value) ?? true })} />}
        </Field>
      ))}
      <Button type="submit" variant="primary" busy={form.formState.isSubmitting} className="w-full">{action}</Button>
    </form>
  )
}

const BackToLogin = () => {
  const { t } = useTranslation()
  return <a href={loginAddress()} className="text-accent underline underline-offset-2">{t('account.toLogin')}</a>
}

const useNewPassword = () => {
  const { t } = useTranslation()
  return { name: 'password' as const, label: t('account.newPassword'), type: 'password', complete: 'new-password', hint: t('account.passwordHint'), check: (value: string) => (value.length < 12 ? t('account.passwordShort') : undefined) }
}

export function SignupScreen({ onIn }: { onIn: () => void }) {
  const { t } = useTranslation()
  const password = useNewPassword()
  const [mailed, setMailed] = useState<string>()
  if (mailed) return <Frame title={t('signup.mailed')} text={t('signup.mailedText', { email: mailed })} foot={<BackToLogin />} />
  return (
    <Frame title={t('signup.title')} text={t('signup.text')} foot={<BackToLogin />}>
      <AccountForm start={{ name: '', email: '', password: '' }} action={t('signup.action')}
        fields={[{ name: 'name', label: t('signup.name'), type: 'text', complete: 'name' }, { name: 'email', label: t('login.email'), type: 'email', complete: 'username' }, password]}
        send={async values => {
          const answer = await api.post('/auth/register', { body: { ...values, cookie: true } })
          if (answer) {
            admitted(answer)
            onIn()
          } else setMailed(values.email)
        }} />
    </Frame>
  )
}

export function MfaScreen({ challenge, onIn }: { challenge: string; onIn: () => void }) {
  const { t } = useTranslation()
  return (
    <Frame title={t('mfa.title')} text={t('mfa.text')} foot={<BackToLogin />}>
      <AccountForm start={{ code: '' }} action={t('mfa.action')} fields={[{ name: 'code', label: t('mfa.code'), type: 'text', complete: 'one-time-code', hint: t('mfa.hint') }]}
        send={async ({ code }) => {
          const answer = await api.post('/auth/mfa/verify', { body: { challenge, code: code.trim() } })
          if ('accessToken' in answer) admitted(answer)
          onIn()
        }} />
    </Frame>
  )
}

export function ResetScreen({ token }: { token: string | undefined }) {
  const { t } = useTranslation()
  const password = useNewPassword()
  const [done, setDone] = useState(false)
  if (done) return <Frame title={t(token ? 'reset.done' : 'reset.mailed')} text={t(token ? 'reset.doneText' : 'reset.mailedText')} foot={<BackToLogin />} />
  return (
    <Frame title={t('reset.title')} text={t(token ? 'reset.chooseText' : 'reset.text')} foot={<BackToLogin />}>
      {token
        ? <AccountForm key="new" start={{ password: '' }} action={t('reset.save')} fields={[password]} send={async values => {
            await api.post('/auth/password/reset', { body: { token, password: values.password } })
            setDone(true)
          }} />
        : <AccountForm key="ask" start={{ email: '' }} action={t('reset.action')} fields={[{ name: 'email', label: t('login.email'), type: 'email', complete: 'username' }]} send={async values => {
            await api.post('/auth/password/forgot', { body: values })
            setDone(true)
          }} />}
    </Frame>
  )
}

export function InviteScreen({ token, onIn }: { token: string; onIn: () => void }) {
  const { t } = useTranslation()
  const password = useNewPassword()
  return (
    <Frame title={t('invite.title')} text={t('invite.text')} foot={<BackToLogin />}>
      <AccountForm start={{ name: '', password: '' }} action={t('invite.action')} fields={[{ name: 'name', label: t('signup.name'), type: 'text', complete: 'name' }, password]}
        send={async values => {
          admitted(await api.post('/auth/invitations/accept', { body: { token, ...values, cookie: true } }))
          onIn()
        }} />
    </Frame>
  )
}

/** What a link in a mail leads to: the address is proved, and one is in for the first time. */
export function VerifyScreen({ token, onIn }: { token: string; onIn: () => void }) {
  const { t } = useTranslation()
  return <Once title={t('verify.title')} act={async () => {
    admitted(await api.post('/auth/email/verify', { body: { token, cookie: true } }))
    onIn()
  }} done={t('verify.done')} />
}

/** Back from Google or GitHub: the session's cookie is set already, the token comes by it. */
export function CallbackScreen({ error, challenge, onIn, onMfa }: { error: string | undefined; challenge: string | undefined; onIn: () => void; onMfa: (challenge: string) => void }) {
  const { t } = useTranslation()
  return <Once title={t('callback.title')} act={async () => {
    if (error) throw new Error(error === 'suspended' ? t('callback.suspended') : t('callback.failed'))
    if (challenge) return onMfa(challenge)
    if (!(await renew())) throw new Error(t('callback.failed'))
    onIn()
  }} done={t('callback.done')} />
}

function Once({ title, act, done }: { title: string; act: () => Promise<unknown>; done: string }) {
  const { t } = useTranslation()
  const [state, setState] = useState<{ text: ReactNode; bad: boolean }>()
  useEffect(() => {
    let left = false
    act().then(() => { if (!left) setState({ text: done, bad: false }) }).catch((e: Error) => { if (!left) setState({ text: e.message || t('state.failedText'), bad: true }) })
    return () => { left = true }
    // One attempt for one visit of the page.
    // oxlint-disable-next-line react/exhaustive-deps
  }, [])
  return (
    <Frame title={title} foot={<BackToLogin />}>
      <p role={state?.bad ? 'alert' : 'status'} className={`text-center text-13 ${state?.bad ? 'text-bad' : 'text-muted'}`}>{state?.text ?? t('state.loading')}</p>
    </Frame>
  )
}
