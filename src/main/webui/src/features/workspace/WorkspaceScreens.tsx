import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Download, ScrollText, Trash2, UserPlus, Users } from 'lucide-react'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { toast } from 'sonner'
import { api } from '@/api/client'
import { isForbidden, isMissing, type Problem } from '@/api/problem'
import { listQuery, meQuery, oneQuery } from '@/api/queries'
import { call } from '@/api/session'
import { ago, bytes, date, number } from '@/lib/format'
import { Avatar, Badge, CopyField, Progress } from '@/ui/bits'
import { Button, IconButton } from '@/ui/button'
import { Field, Input, Select } from '@/ui/fields'
import { Confirm, Dialog } from '@/ui/overlay'
import { Facts, Page, Section } from '@/ui/page'
import { Failed, Notice, Remote, Skeleton, SkeletonRows } from '@/ui/states'
import { Table, type Column } from '@/ui/table'

interface Member { id: string; userId?: string; email: string; name?: string | null; roles?: string[]; role?: string; since?: string; suspended?: boolean }

export function MembersScreen({ inviting, onChange }: { inviting: boolean; onChange: (next: { invite?: boolean }) => void }) {
  const { t } = useTranslation()
  const client = useQueryClient()
  const query = useQuery(listQuery<Member>('/members'))
  const columns: Column<Member>[] = [
    { key: 'who', title: t('members.member'), width: 'minmax(0,1fr)', cell: m => <span className="flex min-w-0 items-center gap-2.5"><Avatar name={m.name ?? m.email} seed={m.id} size={24} /><span className="truncate">{m.name ?? m.email}</span></span> },
    { key: 'email', title: t('login.email'), width: 'minmax(0,1fr)', hideOnPhone: true, cell: m => <span className="text-muted">{m.email}</span> },
    { key: 'role', title: t('members.role'), width: '110px', cell: m => <Badge>{(m.roles ?? [m.role ?? '']).map(r => t(`members.role_${r.toLowerCase()}`, { defaultValue: r })).join(', ')}</Badge> },
    { key: 'since', title: t('members.since'), width: '120px', hideOnPhone: true, cell: m => <span className="text-muted">{m.since ? ago(m.since) : '–'}</span> },
  ]
  return (
    <Page title={t('nav.members')} text={t('members.about')} actions={!isMissing(query.error) && !isForbidden(query.error) && <Button variant="primary" icon={UserPlus} onClick={() => onChange({ invite: true })}>{t('members.invite')}</Button>}>
      <Remote query={query} optional what={t('nav.members')} skeleton={<SkeletonRows />} empty={all => all.length === 0 && <Notice icon={Users} title={t('members.empty')} />}>
        {rows => <Table label={t('nav.members')} rows={rows} columns={columns} id={m => m.id ?? m.userId ?? m.email} />}
      </Remote>
      {inviting && <InviteDialog onClose={() => onChange({ invite: false })} onDone={() => void client.invalidateQueries({ queryKey: ['list', '/members'] })} />}
    </Page>
  )
}

function InviteDialog({ onClose, onDone }: { onClose: () => void; onDone: () => void }) {
  const { t } = useTranslation()
  const [email, setEmail] = useState('')
  const [role, setRole] = useState('VIEWER')
  const [complaint, setComplaint] = useState<string>()
  const [busy, setBusy] = useState(false)
  const send = async () => {
    setBusy(true)
    try {
      await api.post('/invitations', { email, role })
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
        <Field label={t('members.role')}>{bind => <Select {...bind} value={role} onChange={e => setRole(e.target.value)}>{['ADMIN', 'STAFF', 'VIEWER'].map(r => <option key={r} value={r}>{t(`members.role_${r.toLowerCase()}`)}</option>)}</Select>}</Field>
      </form>
    </Dialog>
  )
}

interface Session { id: string; createdAt?: string; usedAt?: string; address?: string; agent?: string; current?: boolean }

export function SecurityScreen() {
  const { t } = useTranslation()
  const client = useQueryClient()
  const me = useQuery(meQuery)
  const sessions = useQuery(listQuery<Session>('/auth/sessions'))
  const [setup, setSetup] = useState<{ secret: string; otpauthUri?: string }>()
  const [codes, setCodes] = useState<string[]>()
  const [code, setCode] = useState('')
  const [missing, setMissing] = useState(false)
  const complain = (e: unknown) => {
    if (isMissing(e)) setMissing(true)
    else toast.error((e as Error).message || t('state.failed'))
  }
  const download = async () => {
    try {
      const blob = await (await call('GET', '/auth/me/export')).blob()
      const link = document.createElement('a')
      link.href = URL.createObjectURL(blob)
      link.download = 'kvasir-export.json'
      link.click()
    } catch (e) {
      toast.error(isMissing(e) ? t('state.notAvailable') : (e as Error).message)
    }
  }
  return (
    <Page title={t('nav.security')} text={t('security.about')} narrow>
      <Section title={t('security.you')}>{me.data ? <Facts items={[[t('login.email'), me.data.email], [t('members.role'), me.data.roles.map(r => t(`members.role_${r.toLowerCase()}`, { defaultValue: r })).join(', ')]]} /> : me.isError ? <Failed error={me.error} /> : <Skeleton className="h-12" />}</Section>
      <Section title={t('security.mfa')} text={t('security.mfaText')} footer={!missing && !setup && (
        me.data?.mfaEnabled
          ? <Button variant="danger" disabled={code.trim().length < 6} onClick={() => void api.post('/auth/mfa/disable', { code: code.trim() }).then(() => { setCode(''); return client.invalidateQueries({ queryKey: ['me'] }) }).catch(complain)}>{t('security.mfaOff')}</Button>
          : <Button variant="primary" onClick={() => void api.post<NonNullable<typeof setup>>('/auth/mfa/setup').then(setSetup).catch(complain)}>{t('security.mfaOn')}</Button>)}>
        {missing && <p role="status" className="text-13 text-muted">{t('state.notAvailable')}</p>}
        {codes && <CopyField label={t('security.recovery')} value={codes.join('\n')} lines={codes.length} />}
        {me.data?.mfaEnabled && !setup && <Field label={t('mfa.code')} hint={t('security.mfaOffHint')}>{bind => <Input {...bind} inputMode="numeric" autoComplete="one-time-code" value={code} onChange={e => setCode(e.target.value)} />}</Field>}
        {setup && (
          <form className="grid gap-4" onSubmit={event => {
            event.preventDefault()
            void api.post<{ recoveryCodes?: string[] } | undefined>('/auth/mfa/verify', { code: code.trim() }).then(done => {
              toast.success(t('security.mfaDone'))
              setSetup(undefined)
              setCode('')
              setCodes(done?.recoveryCodes)
              void client.invalidateQueries({ queryKey: ['me'] })
            }).catch(complain)
          }}>
            <CopyField label={t('security.secret')} value={setup.secret} />
            <Field label={t('mfa.code')}>{bind => <Input {...bind} inputMode="numeric" autoComplete="one-time-code" value={code} onChange={e => setCode(e.target.value)} />}</Field>
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
                  <div className="min-w-0 flex-1"><p className="truncate">{s.agent || t('security.unknownAgent')} {s.current && <Badge tone="good">{t('security.current')}</Badge>}</p><p className="text-12 text-muted">{s.address}{s.usedAt && ` · ${ago(s.usedAt)}`}</p></div>
                  {!s.current && <IconButton label={t('security.end')} icon={Trash2} onClick={() => void api.delete(`/auth/sessions/${s.id}`).then(() => sessions.refetch()).catch(complain)} />}
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
              await api.delete('/auth/me')
              location.assign('/login')
            } catch (e) {
              toast.error(isMissing(e) ? t('state.notAvailable') : (e as Error).message)
            }
          }} />
        </div>
      </Section>
    </Page>
  )
}

type Amount = number | { used?: number; limit?: number | null }
interface Usage { plan?: string | { name?: string }; tier?: string; usage?: Record<string, Amount>; limits?: Record<string, number | null>; [key: string]: unknown }

/** Used and allowed, whichever way the server tells it. */
export function amounts(usage: Usage): { name: string; used: number; limit: number | null }[] {
  return Object.entries(usage.usage ?? {}).flatMap(([name, value]) => {
    if (typeof value === 'number') return [{ name, used: value, limit: usage.limits?.[name] ?? null }]
    return typeof value?.used === 'number' ? [{ name, used: value.used, limit: value.limit ?? null }] : []
  })
}

export function UsageScreen() {
  const { t } = useTranslation()
  const query = useQuery(oneQuery<Usage>('/usage'))
  const shown = (name: string, value: number) => (/bytes|storage/i.test(name) ? bytes(value) : number(value))
  return (
    <Page title={t('nav.usage')} text={t('usage.about')} narrow>
      <Remote query={query} optional what={t('nav.usage')} skeleton={<Skeleton className="h-64 rounded-12" />}>
        {usage => {
          const plan = typeof usage.plan === 'string' ? usage.plan : (usage.plan?.name ?? usage.tier)
          return (
            <Section title={t('usage.title')} text={plan && t('usage.plan', { plan })}>
              {amounts(usage).map(a => (
                <div key={a.name} className="grid gap-1.5"><div className="flex justify-between text-13"><span>{t(`usage.${a.name}`, { defaultValue: a.name })}</span><span className="figures text-muted">{shown(a.name, a.used)}{a.limit !== null && ` / ${shown(a.name, a.limit)}`}</span></div>{a.limit !== null && <Progress value={a.limit > 0 ? (a.used / a.limit) * 100 : 100} label={a.name} />}</div>
              ))}
            </Section>
          )
        }}
      </Remote>
    </Page>
  )
}

interface AuditEntry { id?: string; sequence?: number; at?: string; createdAt?: string; action?: string; type?: string; actor?: string | { email?: string; id?: string }; userId?: string; target?: string; ip?: string; address?: string }

export function AuditScreen() {
  const { t } = useTranslation()
  const query = useQuery(oneQuery<{ items: AuditEntry[] }>('/audit?limit=200'))
  const columns: Column<AuditEntry>[] = [
    { key: 'when', title: t('audit.when'), width: '180px', cell: e => <span className="figures text-muted">{e.at ?? e.createdAt ? date((e.at ?? e.createdAt)!) : '–'}</span> },
    { key: 'what', title: t('audit.what'), width: 'minmax(0,1fr)', cell: e => <span className="font-medium">{e.action ?? e.type}</span> },
    { key: 'who', title: t('audit.who'), width: 'minmax(0,1fr)', hideOnPhone: true, cell: e => (typeof e.actor === 'object' ? (e.actor.email ?? e.actor.id) : (e.actor ?? e.userId)) ?? '–' },
    { key: 'from', title: t('audit.from'), width: '140px', hideOnPhone: true, cell: e => <span className="figures text-muted">{e.ip ?? e.address ?? '–'}</span> },
  ]
  return (
    <Page title={t('nav.audit')} text={t('audit.about')}>
      <Remote query={query} optional what={t('nav.audit')} skeleton={<SkeletonRows />} empty={page => page.items.length === 0 && <Notice icon={ScrollText} title={t('audit.empty')} />}>
        {page => <Table label={t('nav.audit')} rows={page.items} columns={columns} id={e => String(e.id ?? e.sequence ?? `${e.at}${e.action}`)} rowHeight={36} />}
      </Remote>
    </Page>
  )
}
