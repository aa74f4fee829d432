import type { TFunction } from 'i18next'
import { Globe, Mail } from 'lucide-react'
import { date } from '@/lib/format'
import type { Kind, Source } from './SourcesScreen'

const text = (source: Source, ...keys: string[]) => {
  for (const key of keys) if (typeof source[key] === 'string' && source[key]) return source[key] as string
  return undefined
}
const number = (source: Source, ...keys: string[]) => {
  for (const key of keys) if (typeof source[key] === 'number') return source[key] as number
  return undefined
}

const problem = (source: Source) => (source.error && typeof source.error === 'object' ? (source.error as { code?: string }).code : undefined)

export function webKind(t: TFunction): Kind {
  return {
    collection: 'web-sources', again: 'scrape', icon: Globe, title: t('nav.web'), about: t('web.about'), add: t('web.add'), empty: t('web.empty'), emptyText: t('web.emptyText'), run: t('web.run'), deleteText: t('web.deleteText'),
    wishes: [
      { name: 'url', label: t('web.url'), type: 'url', hint: t('web.urlHint') },
      { name: 'kind', label: t('web.kind'), options: [{ value: 'page', text: t('web.page') }, { value: 'sitemap', text: t('web.sitemap') }, { value: 'crawl', text: t('web.crawl') }] },
      { name: 'frequency', label: t('web.frequency'), value: 'weekly', options: ['daily', 'weekly', 'monthly', 'never'].map(value => ({ value, text: t(`web.${value}`) })) },
    ],
    body: ({ url, kind, frequency }) => ({ url, kind, frequency }),
    name: s => text(s, 'title', 'url') ?? s.id,
    last: s => text(s, 'lastScrapedAt', 'lastScrapeAt', 'lastRunAt', 'lastAt'),
    next: s => text(s, 'nextScrapeAt', 'nextScrapedAt', 'nextRunAt', 'nextAt'),
    facts: s => [
      [t('web.url'), text(s, 'url') ?? '–'],
      [t('web.kind'), t(`web.${text(s, 'kind', 'type') ?? 'page'}`, { defaultValue: text(s, 'kind', 'type') ?? '–' })],
      [t('web.frequency'), t(`web.${text(s, 'frequency') ?? 'weekly'}`, { defaultValue: text(s, 'frequency') ?? '–' })],
      [t('web.pages'), number(s, 'pages', 'pageCount') ?? '–'],
      [t('sources.last'), text(s, 'lastScrapedAt', 'lastScrapeAt') ? date(text(s, 'lastScrapedAt', 'lastScrapeAt')!) : '–'],
    ],
  }
}

export function mailKind(t: TFunction): Kind {
  const imap = (values: Record<string, string>) => values.provider === 'imap'
  return {
    collection: 'email-accounts', again: 'sync', icon: Mail, title: t('nav.email'), about: t('mail.about'), add: t('mail.add'), empty: t('mail.empty'), emptyText: t('mail.emptyText'), run: t('mail.run'), deleteText: t('mail.deleteText'),
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
    body: v => {
      const password = v.provider === 'imap' ? v.password : v.appPassword
      return {
        provider: v.provider, email: v.email, frequencyHours: Number(v.frequencyHours), months: Number(v.months), autoSync: v.autoSync !== 'false',
        ...(password && { password }),
        ...(v.folders && { folders: v.folders.split(',').map(folder => folder.trim()).filter(Boolean) }),
        ...(v.provider === 'imap' && { host: v.host, port: Number(v.port), security: v.security, ...(v.username && { username: v.username }) }),
      }
    },
    consent: s => (s['authentication'] === 'oauth' && (s['authorized'] === false || problem(s) === 'authorization-lost') ? t('mail.consent') : undefined),
    name: s => text(s, 'email', 'address', 'username') ?? s.id,
    last: s => text(s, 'lastSyncAt', 'lastSyncedAt'),
    next: s => text(s, 'nextSyncAt'),
    facts: s => [
      [t('mail.provider'), text(s, 'provider') ?? '–'],
      [t('mail.host'), text(s, 'host') ?? '–'],
      [t('mail.folders'), Array.isArray(s['folders']) ? s['folders'].join(', ') : '–'],
      [t('mail.messages'), (s['messages'] as { searchable?: number } | undefined)?.searchable ?? '–'],
      [t('mail.frequency'), number(s, 'frequencyHours', 'syncFrequencyHours') ?? '–'],
      [t('mail.months'), number(s, 'months', 'monthsToSync') ?? '–'],
      [t('sources.last'), text(s, 'lastSyncAt', 'lastSyncedAt') ? date(text(s, 'lastSyncAt', 'lastSyncedAt')!) : '–'],
    ],
  }
}
