import type { TFunction } from 'i18next'
import { Globe, Mail } from 'lucide-react'
import { all, api } from '@/api/client'
import type { Body } from '@/api/contract'
import type { Mailbox, WebSource } from '@/api/types'
import { date } from '@/lib/format'
import type { Kind } from './SourcesScreen'

const SITES = '/knowledge-bases/{kbId}/web-sources'
const BOXES = '/knowledge-bases/{kbId}/email-accounts'

export function webKind(t: TFunction): Kind<WebSource> {
  const one = (kbId: string, sourceId: string) => ({ path: { kbId, sourceId } })
  return {
    key: 'web-sources', icon: Globe, title: t('nav.web'), about: t('web.about'), add: t('web.add'), empty: t('web.empty'), emptyText: t('web.emptyText'), run: t('web.run'), deleteText: t('web.deleteText'),
    wishes: [
      { name: 'url', label: t('web.url'), type: 'url', hint: t('web.urlHint') },
      { name: 'kind', label: t('web.kind'), options: [{ value: 'page', text: t('web.page') }, { value: 'sitemap', text: t('web.sitemap') }, { value: 'crawl', text: t('web.crawl') }] },
      { name: 'frequency', label: t('web.frequency'), value: 'weekly', options: ['daily', 'weekly', 'monthly', 'never'].map(value => ({ value, text: t(`web.${value}`) })) },
    ],
    calls: {
      list: (kbId, signal) => all(SITES, { path: { kbId }, signal }),
      add: (kbId, v) => api.post(SITES, { path: { kbId }, body: { url: v.url, kind: v.kind as WebSource['kind'], frequency: v.frequency as WebSource['frequency'] } }),
      again: (kbId, id) => api.post(`${SITES}/{sourceId}/scrape`, one(kbId, id)),
      cancel: (kbId, id) => api.post(`${SITES}/{sourceId}/cancel`, one(kbId, id)),
      remove: (kbId, id) => api.delete(`${SITES}/{sourceId}`, one(kbId, id)),
      history: (kbId, id, signal) => all(`${SITES}/{sourceId}/history`, { ...one(kbId, id), signal }),
    },
    name: s => s.url,
    last: s => s.lastScrapedAt,
    next: s => s.nextScrapeAt,
    facts: s => [
      [t('web.url'), s.url],
      [t('web.kind'), t(`web.${s.kind}`)],
      [t('web.frequency'), t(`web.${s.frequency}`)],
      [t('web.pages'), s.pages],
      [t('sources.last'), s.lastScrapedAt ? date(s.lastScrapedAt) : '–'],
    ],
  }
}

export function mailKind(t: TFunction): Kind<Mailbox> {
  const imap = (values: Record<string, string>) => values.provider === 'imap'
  const one = (kbId: string, accountId: string) => ({ path: { kbId, accountId } })
  const body = (v: Record<string, string>): Body<'post', typeof BOXES> => {
    const password = imap(v) ? v.password : v.appPassword
    return {
      provider: v.provider, email: v.email, frequencyHours: Number(v.frequencyHours), months: Number(v.months), autoSync: v.autoSync !== 'false',
      ...(password && { password }),
      ...(v.folders && { folders: v.folders.split(',').map(folder => folder.trim()).filter(Boolean) }),
      ...(imap(v) && { host: v.host, port: Number(v.port), security: v.security as Mailbox['security'], ...(v.username && { username: v.username }) }),
    }
  }
  return {
    key: 'email-accounts', icon: Mail, title: t('nav.email'), about: t('mail.about'), add: t('mail.add'), empty: t('mail.empty'), emptyText: t('mail.emptyText'), run: t('mail.run'), deleteText: t('mail.deleteText'),
    wishes: [
      { name: 'provider', label: t('mail.provider'), options: [{ value: 'imap', text: 'IMAP' }, { value: 'gmail', text: 'Gmail' }, { value: 'outlook', text: 'Outlook' }] },
      { name: 'email', label: t('login.email'), type: 'email' },
      { name: 'host', label: t('mail.host'), when: imap },
      { name: 'port', label: t('mail.port'), type: 'number', value: '993', when: imap },
      { name: 'security', label: t('mail.security'), options: [{ value: 'tls', text: 'TLS' }, { value: 'starttls', text: 'STARTTLS' }], when: imap },
      { name: 'username', label: t('mail.username'), hint: t('mail.usernameHint'), optional: true, when: imap },
      { name: 'password', label: t('mail.password'), type: 'password', hint: t('mail.passwordHint'), when: imap },
      { name: 'appPassword', label: t('mail.password'), type: 'password', hint: t('mail.consentHint'), optional: true, when: values => !imap(values) },
      { name: 'folders', label: t('mail.folders'), hint: t('mail.foldersHint'), optional: true },
      { name: 'autoSync', label: t('mail.autoSync'), options: [{ value: 'true', text: t('mail.yes') }, { value: 'false', text: t('mail.no') }] },
      { name: 'frequencyHours', label: t('mail.frequency'), type: 'number', value: '24' },
      { name: 'months', label: t('mail.months'), type: 'number', value: '6' },
    ],
    calls: {
      list: (kbId, signal) => all(BOXES, { path: { kbId }, signal }),
      add: (kbId, values) => api.post(BOXES, { path: { kbId }, body: body(values) }),
      again: (kbId, id) => api.post(`${BOXES}/{accountId}/sync`, one(kbId, id)),
      cancel: (kbId, id) => api.post(`${BOXES}/{accountId}/cancel`, one(kbId, id)),
      remove: (kbId, id) => api.delete(`${BOXES}/{accountId}`, one(kbId, id)),
      history: (kbId, id, signal) => all(`${BOXES}/{accountId}/history`, { ...one(kbId, id), signal }),
    },
    consent: s => (s.authentication === 'oauth' && (!s.authorized || s.error?.code === 'authorization-lost')
      ? { text: t('mail.consent'), ask: async kbId => (await api.post(`${BOXES}/{accountId}/authorize`, one(kbId, s.id))).authorizationUrl }
      : undefined),
    name: s => s.email,
    last: s => s.lastSyncAt,
    next: s => s.nextSyncAt,
    facts: s => [
      [t('mail.provider'), s.provider],
      [t('mail.host'), s.host],
      [t('mail.folders'), s.folders.length ? s.folders.join(', ') : '–'],
      [t('mail.messages'), s.messages.searchable],
      [t('mail.frequency'), s.frequencyHours],
      [t('mail.months'), s.months],
      [t('sources.last'), s.lastSyncAt ? date(s.lastSyncAt) : '–'],
    ],
  }
}
