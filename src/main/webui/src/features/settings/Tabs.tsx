import { Link } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { cx } from '@/lib/cx'

const TABS = ['answers', 'share', 'widget', 'api'] as const
export type Tab = (typeof TABS)[number]

export function Tabs({ tenant, kbId, tab }: { tenant: string; kbId: string; tab: Tab }) {
  const { t } = useTranslation()
  return (
    <nav aria-label={t('nav.settings')} className="mb-2 flex w-full gap-4 overflow-x-auto border-b border-line">
      {TABS.map(name => (
        <Link key={name} to={`/t/$tenant/kbs/$kb/settings/${name}`} params={{ tenant, kb: kbId }} aria-current={name === tab ? 'page' : undefined}
          className={cx('-mb-px flex min-h-9 items-center border-b-2 text-13 whitespace-nowrap transition-colors', name === tab ? 'border-accent font-medium' : 'border-transparent text-muted hover:text-fg')}>{t(`settings.${name}`)}</Link>
      ))}
    </nav>
  )
}
