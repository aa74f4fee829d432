import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Plus, Trash2 } from 'lucide-react'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { toast } from 'sonner'
import { api } from '@/api/client'
import { isMissing } from '@/api/problem'
import { listQuery } from '@/api/queries'
import { ago, date } from '@/lib/format'
import { CopyField } from '@/ui/bits'
import { Button } from '@/ui/button'
import { IconButton } from '@/ui/iconButton'
import { Field, Input } from '@/ui/fields'
import { Confirm, Dialog } from '@/ui/overlay'
import { Page, Section } from '@/ui/page'
import { Remote, Skeleton } from '@/ui/states'
import { Tabs } from './Tabs'

export function ApiSettings({ tenant, kbId }: { tenant: string; kbId: string }) {
  const { t } = useTranslation()
  const client = useQueryClient()
  const query = useQuery(listQuery('/api-keys'))
  const [adding, setAdding] = useState(false)
  const [name, setName] = useState('')
  const [secret, setSecret] = useState<string>()
  const [busy, setBusy] = useState(false)
  const close = () => {
    setAdding(false)
    setSecret(undefined)
    setName('')
  }
  const add = async () => {
    setBusy(true)
    try {
      const made = await api.post('/api-keys', { body: { name } })
      setSecret(made.key)
      await client.invalidateQueries({ queryKey: ['list', '/api-keys'] })
    } catch (e) {
      toast.error((e as Error).message || t('state.failed'))
    } finally {
      setBusy(false)
    }
  }
  return (
    <Page title={t('nav.settings')} narrow toolbar={<Tabs tenant={tenant} kbId={kbId} tab="api" />}>
      <Section title={t('keysApi.title')} text={t('keysApi.text')} footer={!isMissing(query.error) && <Button variant="primary" icon={Plus} onClick={() => setAdding(true)}>{t('keysApi.add')}</Button>}>
        <Remote query={query} optional what={t('keysApi.title')} skeleton={<Skeleton className="h-24" />} empty={all => all.length === 0 && <p className="grid h-24 place-content-center text-13 text-muted">{t('keysApi.empty')}</p>}>
          {keys => (
            <ul className="divide-y divide-line rounded-8 border border-line text-13">
              {keys.map(k => (
                <li key={k.id} className="flex items-center gap-3 px-3 py-2">
                  <div className="min-w-0 flex-1"><p className="truncate font-medium">{k.name} <code className="text-12 font-normal text-muted">{k.prefix}…</code></p><p className="text-12 text-muted">{t('keysApi.made', { when: date(k.createdAt) })}{k.usedAt && ` · ${t('keysApi.used', { when: ago(k.usedAt) })}`}</p></div>
                  <Confirm trigger={<IconButton label={t('keysApi.revoke', { name: k.name })} icon={Trash2} />} title={t('keysApi.revoke', { name: k.name })} text={t('keysApi.revokeText')} action={t('common.delete')} onConfirm={async () => {
                    try {
                      await api.delete('/api-keys/{keyId}', { path: { keyId: k.id } })
                      await client.invalidateQueries({ queryKey: ['list', '/api-keys'] })
                    } catch (e) {
                      toast.error((e as Error).message || t('state.failed'))
                    }
                  }} />
                </li>
              ))}
            </ul>
          )}
        </Remote>
      </Section>
      <Section title={t('keysApi.ids')} text={t('keysApi.idsText')}>
        <CopyField label={t('keysApi.kbId')} value={kbId} />
        <CopyField label={t('keysApi.example')} lines={3} value={`curl -N ${location.origin}/api/v1/knowledge-bases/${kbId}/knowledge/search \\\n  -H "Authorization: Bearer $KVASIR_KEY" -H 'Content-Type: application/json' \\\n  -d '{"query":"When are refunds paid?"}'`} />
        <p className="text-13"><a href="/docs" className="text-accent underline underline-offset-2">{t('keysApi.docs')}</a></p>
      </Section>
      <Dialog open={adding} onClose={close} title={t('keysApi.add')} text={t(secret === undefined ? 'keysApi.addText' : 'keysApi.onceText')}
        footer={secret === undefined ? <><Button onClick={close}>{t('common.cancel')}</Button><Button variant="primary" busy={busy} disabled={!name.trim()} onClick={() => void add()}>{t('keysApi.add')}</Button></> : <Button variant="primary" onClick={close}>{t('common.done')}</Button>}>
        {secret === undefined
          ? <form onSubmit={event => { event.preventDefault(); if (name.trim()) void add() }}><Field label={t('keysApi.name')}>{bind => <Input {...bind} autoFocus autoComplete="off" value={name} onChange={e => setName(e.target.value)} />}</Field></form>
          : <CopyField label={t('keysApi.key')} value={secret} />}
      </Dialog>
    </Page>
  )
}
