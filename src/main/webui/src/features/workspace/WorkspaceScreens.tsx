import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Download, Ellipsis, ScrollText, Trash2, UserPlus, Users } from 'lucide-react'
import { useMemo, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { toast } from 'sonner'
import { api, raw } from '@/api/client'
import type { Answer, Body, Item } from '@/api/contract'
import { Problem, isForbidden, isMissing } from '@/api/problem'
import { listQuery, meQuery, oneQuery } from '@/api/queries'
import { forget, loginAddress } from '@/api/session'
import type { Member } from '@/api/types'
import { ago, bytes, date, number } from '@/lib/format'
import { Avatar, Badge, CopyField, Progress } from '@/ui/bits'
import { Button } from '@/ui/button'
import { IconButton } from '@/ui/iconButton'
import { Field, Input, Select } from '@/ui/fields'
import { Confirm, Dialog, Menu, MenuItem } from '@/ui/overlay'
import { Facts, Page, Peek, Section } from '@/ui/page'
import { Failed, Notice, Remote, Skeleton, SkeletonRows } from '@/ui/states'
import { Table, type Column } from '@/ui/table'

type Role = Body<'put', '/members/{userId}'>['role']

const ROLES = ['OWNER', 'ADMIN', 'STAFF', 'VIEWER'] as const satisfies Role[]

export function MembersScreen({ inviting, onChange }: { inviting: boolean; onChange: (next: { invite?: boolean }) => void }) {
  const { t } = useTranslation()
  const client = useQueryClient()
  const me = useQuery(meQuery)
  const query = useQuery(listQuery('/members'))
  const invitations = useQuery(listQuery('/invitations'))
  const again = () => Promise.all([client.invalidateQueries({ queryKey: ['list', '/members'] }), client.invalidateQueries({ queryKey: ['list', '/invitations'] })])
  const change = useMutation({ mutationFn: (work: () => Promise<unknown>) => work(), onSuccess: again, onError: (e: Error) => toast.error(e.message || t('state.failed')) })
  const role = (r: string) => t(`members.role_${r.toLowerCase()}`, { defaultValue: r })
  const mine = (m: Member) => m.id === me.data?.id || m.role === 'SUPER_ADMIN'
  const columns: Column<Member>[] = [
    { key: 'who', title: t('members.member'), width: 'minmax(0,1fr)', cell: m => <span className="flex min-w-0 items-center gap-2.5"><Avatar name={m.name ?? m.email} seed={m.id} size={24} /><span className="truncate">{m.name ?? m.email}</span>{m.suspended && <Badge tone="warn">{t('members.suspended')}</Badge>}</span> },
    { key: 'email', title: t('login.email'), width: 'minmax(0,1fr)', hideOnPhone: true, cell: m => <span className="text-muted">{m.email}</span> },
    { key: 'role', title: t('members.role'), width: '130px', phone: '92px', cell: m => (mine(m) ? <Badge>{role(m.role)}</Badge> : <Select aria-label={t('members.roleOf', { name: m.name ?? m.email })} value={m.role} className="h-7 py-0 pl-2 text-12" onChange={e => { const role = e.target.value as Role; change.mutate(() => api.put('/members/{userId}', { path: { userId: m.id }, body: { role } })) }}>{ROLES.map(r => <option key={r} value={r}>{role(r)}</option>)}</Select>) },
    { key: 'since', title: t('members.since'), width: '120px', hideOnPhone: true, cell: m => <span className="text-muted">{ago(m.since)}</span> },
    { key: 'do', title: t('members.doing'), hideTitle: true, width: '36px', align: 'right', cell: m => !mine(m) && <Menu trigger={<IconButton label={t('members.more', { name: m.name ?? m.email })} icon={Ellipsis} />}>
      <MenuItem onSelect={() => change.mutate(() => api.post(m.suspended ? '/members/{userId}/resume' : '/members/{userId}/suspend', { path: { userId: m.id } }))}>{t(m.suspended ? 'members.resume' : 'members.suspend')}</MenuItem>
      <MenuItem danger onSelect={() => change.mutate(() => api.delete('/members/{userId}', { path: { userId: m.id } }))}>{t('members.remove')}</MenuItem>
    </Menu> },
  ]
  // Below the members: shown once they are there, so that they push nothing away.
  const open = (query.data && invitations.data) ?? []
  return (
    <Page title={t('nav.members')} text={t('members.about')} actions={!isForbidden(query.error) && <Button variant="primary" icon={UserPlus} onClick={() => onChange({ invite: true })}>{t('members.invite')}</Button>}>
      <Remote query={query} what={t('nav.members')} skeleton={<SkeletonRows />} empty={all => all.length === 0 && <Notice icon={Users} title={t('members.empty')} />}>
        {rows => <Table label={t('nav.members')} rows={rows} columns={columns} id={m => m.id} />}
      </Remote>
      {open.length > 0 && (
        <section className="mt-6 grid gap-2">
          <h2 className="text-14 font-semibold">{t('members.open')}</h2>
          <ul className="divide-y divide-line rounded-8 border border-line bg-surface text-13 shadow-low">
            {open.map(i => (
              <li key={i.id} className="flex items-center gap-3 px-3 py-2">
                <div className="min-w-0 flex-1"><p className="truncate font-medium">{i.email}</p><p className="text-12 text-muted">{role(i.role)} · {t('members.ends', { when: ago(i.endsAt) })}</p></div>
                <IconButton label={t('members.revoke', { email: i.email })} icon={Trash2} onClick={() => change.mutate(() => api.delete('/invitations/{invitationId}', { path: { invitationId: i.id } }))} />
              </li>
            ))}
          </ul>
        </section>
      )}
      {inviting && <InviteDialog onClose={() => onChange({ invite: false })} onDone={() => void again()} />}
    </Page>
  )
}

function InviteDialog({ onClose, onDone }: { onClose: () => void; onDone: () => void }) {
  const { t } = useTranslation()
  const [email, setEmail] = useState('')
  const [role, setRole] = useState<Role>('VIEWER')
  const [complaint, setComplaint] = useState<string>()
  const [busy, setBusy] = useState(false)
  const send = async () => {
    setBusy(true)
    try {
      await api.post('/invitations', { body: { email, role } })
      toast.success(t('members.invited', { email }))
      onDone()
      onClose()
    } catch (e) {
      setComplaint((e as Problem).errors?.[0]?.detail ?? ((e as Error).message || t('state.failed')))
    } finally {
      setBusy(false)
    }
  }
  return (
    <Dialog open onClose={onClose} title={t('members.invite')} text={t('members.inviteText')} footer={<><Button onClick={onClose}>{t('common.cancel')}</Button><Button variant="primary" busy={busy} disabled={!email.includes('@')} onClick={() => void send()}>{t('members.invite')}</Button></>}>
      <form className="grid gap-4" onSubmit={event => { event.preventDefault(); void send() }}>
        <Field label={t('login.email')} error={complaint}>{bind => <Input {...bind} type="email" autoFocus value={email} onChange={e => setEmail(e.target.value)} />}</Field>
        <Field label={t('members.role')}>{bind => <Select {...bind} value={role} onChange={e => setRole(e.target.value as Role)}>{ROLES.filter(r => r !== 'OWNER').map(r => <option key={r} value={r}>{t(`members.role_${r.toLowerCase()}`)}</option>)}</Select>}</Field>
      </form>
    </Dialog>
  )
}

/** The server names the field that is wrong when setting up, and whom it does not know when taking away. */
const isWrongCode = (e: unknown) => e instanceof Problem && (e.status === 401 || e.errors.some(error => error.pointer === '/code'))

export function SecurityScreen() {
  const { t } = useTranslation()
  const client = useQueryClient()
  const me = useQuery(meQuery)
  const sessions = useQuery(listQuery('/auth/sessions'))
  const [setup, setSetup] = useState<Answer<'post', '/auth/mfa/setup'>>()
  const [codes, setCodes] = useState<string[]>()
  const [code, setCode] = useState('')
  const [missing, setMissing] = useState(false)
  const [wrong, setWrong] = useState(false)
  const complain = (e: unknown) => {
    if (isMissing(e)) setMissing(true)
    else if (isWrongCode(e)) setWrong(true)
    else toast.error((e as Error).message || t('state.failed'))
  }
  const download = async () => {
    try {
      const blob = await (await raw('post', '/privacy/export', { body: {} })).blob()
      const link = document.createElement('a')
      link.href = URL.createObjectURL(blob)
      link.download = 'kvasir-export.zip'
      link.click()
    } catch (e) {
      toast.error((e as Error).message || t('state.failed'))
    }
  }
  return (
    <Page title={t('nav.security')} text={t('security.about')} narrow>
      <Section title={t('security.you')}>{me.data ? <Facts items={[[t('login.email'), me.data.email], [t('members.role'), me.data.roles.map(r => t(`members.role_${r.toLowerCase()}`, { defaultValue: r })).join(', ')]]} /> : me.isError ? <Failed error={me.error} /> : <Skeleton className="h-12" />}</Section>
      <PasswordChange />
      <Section title={t('security.mfa')} text={t('security.mfaText')} footer={!missing && !setup && (
        me.data?.mfaEnabled
          ? <Button variant="danger" disabled={code.trim().length < 6} onClick={() => void api.post('/auth/mfa/disable', { body: { code: code.trim() } }).then(() => { setCode(''); return client.invalidateQueries({ queryKey: ['me'] }) }).catch(complain)}>{t('security.mfaOff')}</Button>
          : <Button variant="primary" onClick={() => void api.post('/auth/mfa/setup').then(setSetup).catch(complain)}>{t('security.mfaOn')}</Button>)}>
        {missing && <p role="status" className="text-13 text-muted">{t('state.notAvailable')}</p>}
        {codes && <CopyField label={t('security.recovery')} value={codes.join('\n')} lines={codes.length} />}
        {me.data?.mfaEnabled && !setup && <Field label={t('mfa.code')} hint={t('security.mfaOffHint')} error={wrong ? t('mfa.wrong') : undefined}>{bind => <Input {...bind} inputMode="numeric" autoComplete="one-time-code" value={code} onChange={e => { setWrong(false); setCode(e.target.value) }} />}</Field>}
        {setup && (
          <form className="grid gap-4" onSubmit={event => {
            event.preventDefault()
            void api.post('/auth/mfa/verify', { body: { code: code.trim() } }).then(done => {
              toast.success(t('security.mfaDone'))
              setSetup(undefined)
              setCode('')
              if ('recoveryCodes' in done) setCodes(done.recoveryCodes)
              void client.invalidateQueries({ queryKey: ['me'] })
            }).catch(complain)
          }}>
            <CopyField label={t('security.secret')} value={setup.secret} />
            <Field label={t('mfa.code')} error={wrong ? t('mfa.wrong') : undefined}>{bind => <Input {...bind} inputMode="numeric" autoComplete="one-time-code" value={code} onChange={e => { setWrong(false); setCode(e.target.value) }} />}</Field>
            <Button type="submit" variant="primary" disabled={code.trim().length < 6}>{t('mfa.action')}</Button>
          </form>
        )}
      </Section>
      <Section title={t('security.sessions')} text={t('security.sessionsText')}>
        <Remote query={sessions} optional what={t('security.sessions')} skeleton={<Skeleton className="h-24" />} empty={all => all.length === 0 && <p className="text-13 text-muted">{t('security.noSessions')}</p>}>
          {all => (
            <ul className="divide-y divide-line rounded-8 border border-line text-13">
              {all.map(s => (
                <li key={s.id} className="flex items-center gap-3 px-3 py-2">
                  <div className="min-w-0 flex-1"><p className="truncate">{s.agent || t('security.unknownAgent')} {s.current && <Badge tone="good">{t('security.current')}</Badge>}</p><p className="text-12 text-muted">{s.address}{` · ${ago(s.usedAt)}`}</p></div>
                  {!s.current && <IconButton label={t('security.end')} icon={Trash2} onClick={() => void api.delete('/auth/sessions/{sessionId}', { path: { sessionId: s.id } }).then(() => sessions.refetch()).catch(complain)} />}
                </li>
              ))}
            </ul>
          )}
        </Remote>
      </Section>
      <Section title={t('security.data')} text={t('security.dataText')}>
        <div className="flex flex-wrap gap-2"><Button icon={Download} onClick={() => void download()}>{t('security.export')}</Button>
          <Confirm trigger={<Button variant="danger" icon={Trash2}>{t('security.erase')}</Button>} title={t('security.eraseTitle')} text={t('security.eraseText')} action={t('security.erase')} onConfirm={async () => {
            try {
              await api.post('/privacy/erase', { body: { userId: me.data?.id } })
              forget()
              location.assign(loginAddress())
            } catch (e) {
              toast.error((e as Error).message || t('state.failed'))
            }
          }} />
        </div>
      </Section>
    </Page>
  )
}

function PasswordChange() {
  const { t } = useTranslation()
  const [old, setOld] = useState('')
  const [fresh, setFresh] = useState('')
  const save = useMutation({
    mutationFn: () => api.post('/auth/password/change', { body: { oldPassword: old, password: fresh } }),
    onSuccess: () => { setOld(''); setFresh(''); toast.success(t('security.passwordDone')) },
  })
  const complaint = save.error as Problem | null
  return (
    <form onSubmit={event => { event.preventDefault(); save.mutate() }}>
      <Section title={t('security.password')} text={t('security.passwordText')} footer={<Button type="submit" variant="primary" busy={save.isPending} disabled={!old || fresh.length < 12}>{t('security.passwordSave')}</Button>}>
        <div className="grid gap-4 sm:grid-cols-2">
          <Field label={t('security.passwordOld')} error={complaint && !complaint.errors?.length ? complaint.message : undefined}>{bind => <Input {...bind} type="password" autoComplete="current-password" value={old} onChange={e => setOld(e.target.value)} />}</Field>
          <Field label={t('security.passwordNew')} hint={t('security.passwordHint')} error={complaint?.errors?.[0]?.detail}>{bind => <Input {...bind} type="password" autoComplete="new-password" value={fresh} onChange={e => setFresh(e.target.value)} />}</Field>
        </div>
      </Section>
    </form>
  )
}

type Day = Answer<'get', '/usage'>['days'][number]

/** Millionths of a dollar, as money. */
export const money = (micros: number) => `$${number(micros / 1_000_000, micros !== 0 && micros < 1_000_000 ? 4 : 2)}`
const shown = (what: string, value: number) => (what === 'storage-bytes' ? bytes(value) : what === 'spend-micros' ? money(value) : number(value))

export function UsageScreen() {
  const { t } = useTranslation()
  const query = useQuery(oneQuery('/usage'))
  const columns: Column<Day>[] = [
    { key: 'day', title: t('usage.day'), width: '120px', phone: '88px', cell: d => <span className="figures">{d.day}</span> },
    { key: 'model', title: t('usage.model'), width: 'minmax(0,1fr)', cell: d => (d.provider === d.model ? d.model : `${d.provider} · ${d.model}`) },
    { key: 'messages', title: t('usage.messages'), width: '110px', phone: '72px', align: 'right', cell: d => number(d.messages) },
    { key: 'tokens', title: t('usage.tokens'), width: '110px', align: 'right', hideOnPhone: true, cell: d => number(d.promptTokens + d.completionTokens) },
    { key: 'cost', title: t('usage.cost'), width: '110px', align: 'right', hideOnPhone: true, cell: d => money(d.costMicros) },
  ]
  return (
    <Page title={t('nav.usage')} text={t('usage.about')} narrow>
      <Remote query={query} what={t('nav.usage')} skeleton={<Skeleton className="h-64 rounded-12" />}>
        {usage => (
          <>
            <Section title={t('usage.title')} text={t('usage.plan', { plan: usage.plan })}>
              <ul className="grid gap-x-8 gap-y-4 sm:grid-cols-2">
                {usage.counts.map(c => (
                  <li key={c.what} className="grid content-start gap-1.5">
                    <div className="flex justify-between gap-3 text-13"><span>{t(`usage.what.${c.what}`, { defaultValue: c.what })}</span><span className="figures text-muted"><span className="font-medium text-fg">{shown(c.what, c.used + c.reserved)}</span> / {c.limit === null ? t('usage.unlimited') : shown(c.what, c.limit)}</span></div>
                    <Progress value={c.limit === null ? 0 : c.limit > 0 ? ((c.used + c.reserved) / c.limit) * 100 : 100} label={t(`usage.what.${c.what}`, { defaultValue: c.what })} />
                  </li>
                ))}
              </ul>
            </Section>
            <section className="grid gap-2">
              <h2 className="text-14 font-semibold">{t('usage.days')}</h2>
              {usage.days.length ? <Table label={t('usage.days')} rows={usage.days} columns={columns} id={d => `${d.day} ${d.kbId} ${d.provider} ${d.model}`} rowHeight={36} /> : <p className="text-13 text-muted">{t('usage.noDays')}</p>}
            </section>
          </>
        )}
      </Remote>
    </Page>
  )
}

type AuditEntry = Item<'/audit'>

export function AuditScreen({ open, onOpen: setOpen }: { open: string | undefined; onOpen: (number: string | undefined) => void }) {
  const { t } = useTranslation()
  const members = useQuery(listQuery('/members'))
  const query = useInfiniteQuery({
    queryKey: ['audit'], queryFn: ({ pageParam, signal }) => api.get('/audit', { query: { limit: 100, cursor: pageParam ?? undefined }, signal }),
    initialPageParam: null as string | null, getNextPageParam: page => page.nextCursor,
  })
  const rows = useMemo(() => query.data?.pages.flatMap(p => p.items) ?? [], [query.data])
  const people = useMemo(() => new Map(members.data?.map(m => [`user/${m.id}`, m.name ?? m.email])), [members.data])
  const who = (e: AuditEntry) => people.get(e.actor) ?? (e.actor === 'nobody' ? t('audit.nobody') : e.actor)
  const chosen = rows.find(e => String(e.number) === open)
  const columns: Column<AuditEntry>[] = [
    { key: 'when', title: t('audit.when'), width: '180px', phone: '88px', cell: e => <><span className="figures text-muted @max-2xl:hidden">{date(e.at)}</span><span className="text-muted @2xl:hidden">{ago(e.at)}</span></> },
    { key: 'what', title: t('audit.what'), width: 'minmax(0,1fr)', cell: e => <button type="button" className="max-w-full truncate text-left font-medium hover:underline" onClick={event => { event.stopPropagation(); setOpen(String(e.number)) }}>{e.action}</button> },
    { key: 'who', title: t('audit.who'), width: 'minmax(0,1fr)', hideOnPhone: true, cell: who },
    { key: 'from', title: t('audit.from'), width: '140px', hideOnPhone: true, cell: e => <span className="figures text-muted">{e.origin?.address ?? '–'}</span> },
  ]
  const save = async () => {
    try {
      const link = document.createElement('a')
      link.href = URL.createObjectURL(await (await raw('get', '/audit/export')).blob())
      link.download = 'audit.csv'
      link.click()
    } catch (e) {
      toast.error((e as Error).message || t('state.failed'))
    }
  }
  return (
    <Page title={t('nav.audit')} text={t('audit.about')} actions={rows.length > 0 && <Button icon={Download} onClick={() => void save()}>{t('audit.export')}</Button>}
      peek={chosen && (
        <Peek title={chosen.action} subtitle={`${who(chosen)} · ${date(chosen.at)}`} onClose={() => setOpen(undefined)}>
          <div className="grid gap-4">
            <Facts items={[[t('audit.number'), number(chosen.number)], [t('audit.subject'), <code key="s" className="break-all text-12">{chosen.subject}</code>], [t('audit.from'), chosen.origin?.address ?? '–'], [t('audit.agent'), chosen.origin?.userAgent ?? '–'], [t('audit.hash'), <code key="h" className="break-all text-12">{chosen.hash}</code>]]} />
            {chosen.before !== null && <CopyField label={t('audit.before')} lines={2} value={JSON.stringify(chosen.before, null, 2)} />}
            {chosen.after !== null && <CopyField label={t('audit.after')} lines={2} value={JSON.stringify(chosen.after, null, 2)} />}
          </div>
        </Peek>
      )}>
      <Remote query={query} what={t('nav.audit')} skeleton={<SkeletonRows />} empty={() => rows.length === 0 && <Notice icon={ScrollText} title={t('audit.empty')} />}>
        {() => <Table label={t('nav.audit')} rows={rows} columns={columns} id={e => String(e.number)} open={open} onOpen={e => setOpen(String(e.number))} rowHeight={36} end={() => { if (query.hasNextPage && !query.isFetchingNextPage) void query.fetchNextPage() }} />}
      </Remote>
    </Page>
  )
}
