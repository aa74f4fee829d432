import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { ExternalLink, Globe, KeyRound } from 'lucide-react'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { toast } from 'sonner'
import { api } from '@/api/client'
import { baseQuery, sitesQuery } from '@/api/queries'
import { Badge, CopyField } from '@/ui/bits'
import { Button, buttonLook } from '@/ui/button'
import { Field, Input, Segments, Switch, Textarea } from '@/ui/fields'
import { Confirm } from '@/ui/overlay'
import { Page, Section } from '@/ui/page'
import { Notice, Remote, Skeleton } from '@/ui/states'
import { Tabs } from './Tabs'

function useShare(kbId: string) {
  const { t } = useTranslation()
  const client = useQueryClient()
  const done = () => { void client.invalidateQueries({ queryKey: baseQuery(kbId).queryKey, exact: true }); void client.invalidateQueries({ queryKey: ['kbs'] }) }
  const share = useMutation({ mutationFn: () => api.post('/knowledge-bases/{kbId}/share', { path: { kbId } }), onSuccess: done, onError: (e: Error) => toast.error(e.message || t('state.failed')) })
  const unshare = async () => {
    try {
      await api.delete('/knowledge-bases/{kbId}/share', { path: { kbId } })
      done()
    } catch (e) {
      toast.error((e as Error).message || t('state.failed'))
    }
  }
  return { share, unshare }
}

export function ShareSettings({ tenant, kbId }: { tenant: string; kbId: string }) {
  const { t } = useTranslation()
  const query = useQuery(baseQuery(kbId))
  const { share, unshare } = useShare(kbId)
  return (
    <Page title={t('nav.settings')} narrow toolbar={<Tabs tenant={tenant} kbId={kbId} tab="share" />}>
      <Remote query={query} skeleton={<Skeleton className="h-56 rounded-12" />}>
        {kb => (
          <Section title={t('share.title')} text={t('share.text')}
            footer={kb.public
              ? <><Confirm trigger={<Button variant="danger">{t('share.stop')}</Button>} title={t('share.stopTitle')} text={t('share.stopText')} action={t('share.stop')} onConfirm={unshare} /><a href={kb.shareUrl ?? ''} target="_blank" rel="noopener" className={buttonLook('primary')}><ExternalLink size={14} aria-hidden />{t('share.open')}</a></>
              : <Button variant="primary" icon={Globe} busy={share.isPending} onClick={() => share.mutate()}>{t('share.action')}</Button>}>
            <p className="flex items-center gap-2 text-13"><Badge tone={kb.public ? 'good' : 'quiet'}>{t(kb.public ? 'share.public' : 'share.private')}</Badge>{t(kb.public ? 'share.publicText' : 'share.privateText')}</p>
            {kb.public && kb.shareUrl && <CopyField label={t('share.link')} value={`${location.origin}${kb.shareUrl}`} />}
            {kb.public && <Listed kbId={kbId} />}
          </Section>
        )}
      </Remote>
    </Page>
  )
}

/** Whether search engines may list the page: its owner's choice. */
function Listed({ kbId }: { kbId: string }) {
  const { t } = useTranslation()
  const client = useQueryClient()
  const query = useQuery(sitesQuery(kbId))
  const save = useMutation({
    mutationFn: (indexed: boolean) => api.put('/knowledge-bases/{kbId}/sites', { path: { kbId }, body: { origins: query.data?.origins ?? [], indexed } }),
    onSuccess: chosen => { client.setQueryData(sitesQuery(kbId).queryKey, chosen); toast.success(t('common.saved')) },
    onError: (e: Error) => toast.error(e.message || t('state.failed')),
  })
  return <Switch label={t('share.listed')} hint={t('share.listedHint')} checked={save.isPending ? save.variables : (query.data?.indexed ?? false)} disabled={!query.data} onChange={indexed => save.mutate(indexed)} />
}

export function WidgetSettings({ tenant, kbId }: { tenant: string; kbId: string }) {
  const { t } = useTranslation()
  const query = useQuery(baseQuery(kbId))
  const { share } = useShare(kbId)
  const [mode, setMode] = useState<'bubble' | 'inline'>('bubble')
  const [side, setSide] = useState<'right' | 'left'>('right')
  const [theme, setTheme] = useState<'auto' | 'light' | 'dark'>('auto')
  const [accent, setAccent] = useState('#3b4fd1')
  return (
    <Page title={t('nav.settings')} narrow toolbar={<Tabs tenant={tenant} kbId={kbId} tab="widget" />}>
      <Remote query={query} skeleton={<Skeleton className="h-80 rounded-12" />} empty={kb => !kb.public && <Notice icon={Globe} title={t('widget.needsShare')} text={t('widget.needsShareText')} action={<Button variant="primary" busy={share.isPending} onClick={() => share.mutate()}>{t('share.action')}</Button>} />}>
        {kb => {
          const attributes = [`data-kb-site="${kb.slug}"`, ...(theme !== 'auto' ? [`data-kb-theme="${theme}"`] : []), ...(mode === 'inline' ? ['data-kb-mode="inline"', 'data-kb-target="#help"'] : side === 'left' ? ['data-kb-position="left"'] : []), ...(accent !== '#3b4fd1' ? [`data-kb-accent="${accent}"`] : [])]
          const snippet = `<script type="module" async src="${location.origin}/widget.js"\n        ${attributes.join('\n        ')}></script>`
          return (
            <>
              <Section title={t('widget.title')} text={t('widget.text')}
                footer={<a href={`/try/${kb.slug}?${new URLSearchParams({ mode, theme, position: side, accent })}`} target="_blank" rel="noopener" className={buttonLook('primary')}><ExternalLink size={14} aria-hidden />{t('widget.try')}</a>}>
                <div className="flex flex-wrap gap-x-6 gap-y-4">
                  <div className="grid justify-items-start gap-1"><span className="text-13 font-medium">{t('widget.mode')}</span><Segments label={t('widget.mode')} value={mode} onChange={setMode} options={[{ value: 'bubble', text: t('widget.bubble') }, { value: 'inline', text: t('widget.inline') }]} /></div>
                  {mode === 'bubble' && <div className="grid justify-items-start gap-1"><span className="text-13 font-medium">{t('widget.side')}</span><Segments label={t('widget.side')} value={side} onChange={setSide} options={[{ value: 'right', text: t('widget.right') }, { value: 'left', text: t('widget.left') }]} /></div>}
                  <div className="grid justify-items-start gap-1"><span className="text-13 font-medium">{t('nav.theme')}</span><Segments label={t('nav.theme')} value={theme} onChange={setTheme} options={(['auto', 'light', 'dark'] as const).map(value => ({ value, text: t(`theme.${value}`) }))} /></div>
                  <Field label={t('widget.accent')}>{bind => <Input {...bind} type="color" value={accent} onChange={e => setAccent(e.target.value)} className="w-16 p-1" />}</Field>
                </div>
                <CopyField label={t('widget.snippet')} value={snippet} lines={4} />
              </Section>
              <Sites kbId={kbId} />
              <Signing kbId={kbId} />
              <Section title={t('widget.frame')} text={t('widget.frameText')}><CopyField label={t('widget.frameCode')} value={`<iframe src="${location.origin}/embed/${kb.slug}" title="${t('widget.help')}" width="400" height="600"></iframe>`} /></Section>
              <Section title={t('widget.calls')} text={t('widget.callsText')}><CopyField label="JavaScript" lines={3} value={"kb('open')\nkb('ask', 'When are refunds paid?')\naddEventListener('kb:message', e => console.log(e.detail))"} /></Section>
            </>
          )
        }}
      </Remote>
    </Page>
  )
}

/** Where the widget may stand: one origin a line. */
function Sites({ kbId }: { kbId: string }) {
  const { t } = useTranslation()
  const client = useQueryClient()
  const query = useQuery(sitesQuery(kbId))
  const [draft, setDraft] = useState<string | null>(null)
  const named = query.data?.origins.join('\n') ?? ''
  const save = useMutation({
    mutationFn: (text: string) => api.put('/knowledge-bases/{kbId}/sites', { path: { kbId }, body: { origins: text.split(/\s+/).filter(Boolean) } }),
    onSuccess: async () => { await client.invalidateQueries({ queryKey: sitesQuery(kbId).queryKey }); setDraft(null); toast.success(t('common.saved')) },
  })
  return (
    <Section title={t('widget.sites')} text={t('widget.sitesText')}
      footer={<Button variant="primary" busy={save.isPending} disabled={draft === null || draft === named} onClick={() => save.mutate(draft ?? '')}>{t('common.save')}</Button>}>
      <Field label={t('widget.origins')} hint={t('widget.originsHint')} error={save.isError ? t('widget.originsWrong') : undefined}>
        {bind => <Textarea {...bind} rows={3} spellCheck={false} placeholder="https://shop.example" value={draft ?? named} disabled={query.isPending} onChange={e => { save.reset(); setDraft(e.target.value) }} />}
      </Field>
    </Section>
  )
}

const SIGN = `import { createHmac } from 'node:crypto'

const user = JSON.stringify({ id: '42', name: 'Ada Lovelace', email: 'ada@shop.example',
  until: new Date(Date.now() + 3600_000).toISOString() })
const signature = createHmac('sha256', process.env.KVASIR_SECRET).update(user).digest('hex')
// and in the page:  kb('identify', { user, signature })`

/** The secret by which the owner's own server says who a visitor is. */
function Signing({ kbId }: { kbId: string }) {
  const { t } = useTranslation()
  const client = useQueryClient()
  const query = useQuery(sitesQuery(kbId))
  const again = () => client.invalidateQueries({ queryKey: sitesQuery(kbId).queryKey })
  const onError = (e: Error) => { toast.error(e.message || t('state.failed')) }
  const make = useMutation({ mutationFn: () => api.post('/knowledge-bases/{kbId}/sites/secret', { path: { kbId } }), onSuccess: again, onError })
  const withdraw = useMutation({ mutationFn: () => api.delete('/knowledge-bases/{kbId}/sites/secret', { path: { kbId } }), onSuccess: () => { make.reset(); return again() }, onError })
  const signed = query.data?.signed ?? false
  return (
    <Section title={t('widget.signing')} text={t('widget.signingText')}
      footer={<>
        {signed && <Confirm trigger={<Button variant="danger" busy={withdraw.isPending}>{t('widget.withdraw')}</Button>} title={t('widget.withdrawTitle')} text={t('widget.withdrawText')} action={t('widget.withdraw')} onConfirm={() => withdraw.mutateAsync().catch(() => {})} />}
        {signed
          ? <Confirm trigger={<Button icon={KeyRound} busy={make.isPending}>{t('widget.renew')}</Button>} title={t('widget.renewTitle')} text={t('widget.renewText')} action={t('widget.renew')} onConfirm={() => make.mutateAsync().catch(() => {})} />
          : <Button variant="primary" icon={KeyRound} busy={make.isPending} disabled={!query.data} onClick={() => make.mutate()}>{t('widget.make')}</Button>}
      </>}>
      <p className="flex items-center gap-2 text-13"><Badge tone={signed ? 'good' : 'quiet'}>{t(signed ? 'widget.signed' : 'widget.unsigned')}</Badge>{t(signed ? 'widget.signedText' : 'widget.unsignedText')}</p>
      {make.data && <CopyField label={t('widget.secret')} value={make.data.secret} />}
      {signed && <CopyField label={t('widget.sign')} value={SIGN} lines={6} />}
    </Section>
  )
}
