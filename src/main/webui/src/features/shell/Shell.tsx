import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate, useParams, useRouterState } from '@tanstack/react-router'
import { ChevronsUpDown, CircleHelp, Library, LogOut, Menu as MenuIcon, Search } from 'lucide-react'
import { Suspense, lazy, useEffect, useState, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { basesQuery, meQuery } from '@/api/queries'
import { loginAddress, logout } from '@/api/session'
import { cx } from '@/lib/cx'
import { useKeys } from '@/lib/keys'
import { setLanguage } from '@/lib/i18n'
import { LANGUAGES, language, type Language } from '@/lib/language'
import { setTheme } from '@/lib/theme'
import { useTheme } from '@/lib/useTheme'
import { Avatar } from '@/ui/bits'
import { IconButton } from '@/ui/iconButton'
import { Drawer, Menu, MenuChoice, MenuItem, MenuLabel, MenuLine } from '@/ui/overlay'
import { Kbd } from '@/ui/tip'
import { UploadDock } from '@/features/documents/UploadDock'
import { useGo } from './go'
import { KeysDialog } from './KeysDialog'
import { ROOMS, WORKSPACE, type Place } from './places'

const bringPalette = () => import('./Palette')
const Palette = lazy(bringPalette)

export function Shell({ tenant, children }: { tenant: string; children: ReactNode }) {
  const { t } = useTranslation()
  const [drawer, setDrawer] = useState(false)
  const [palette, setPalette] = useState(false)
  const [keys, setKeys] = useState(false)
  const path = useRouterState({ select: s => s.location.pathname })
  const { kb } = useParams({ strict: false })
  const go = useGo(tenant, kb)
  useEffect(() => setDrawer(false), [path])
  // Brought before it is wanted: what is typed right after ⌘K must reach it.
  useEffect(() => {
    const timer = setTimeout(() => void bringPalette(), 1500)
    return () => clearTimeout(timer)
  }, [])
  useKeys({
    'mod+k': () => setPalette(open => !open),
    '?': () => setKeys(true),
    'g k': () => go('/t/$tenant/kbs'),
    ...(kb && Object.fromEntries(ROOMS.map(room => [`g ${room.key}`, () => go(room.to)]))),
    ...Object.fromEntries(WORKSPACE.map(place => [`g ${place.key}`, () => go(place.to)])),
  })
  const nav = <Nav tenant={tenant} onPalette={() => { setDrawer(false); setPalette(true) }} onKeys={() => { setDrawer(false); setKeys(true) }} />
  return (
    <div className="flex h-dvh flex-col md:flex-row">
      <a href="#main" className="fixed top-2 left-2 z-50 -translate-y-24 rounded-6 border border-line bg-surface px-3 py-2 text-13 shadow-float focus:translate-y-0">{t('nav.skip')}</a>
      <header className="flex items-center gap-2 border-b border-line bg-surface px-2 py-1 md:hidden">
        <IconButton label={t('nav.menu')} icon={MenuIcon} onClick={() => setDrawer(true)} />
        <Link to="/t/$tenant/kbs" params={{ tenant }} className="flex min-h-8 flex-1 items-center gap-2 font-semibold"><img src="/icon.svg" alt="" width={22} height={22} />Kvasir</Link>
        <IconButton label={t('palette.open')} icon={Search} onClick={() => setPalette(true)} />
      </header>
      <header className="hidden w-60 shrink-0 border-r border-line bg-surface contain-content md:flex md:flex-col">{nav}</header>
      <Drawer open={drawer} onClose={() => setDrawer(false)} side="left" title={t('nav.menu')}>{nav}</Drawer>
      <main id="main" tabIndex={-1} className="min-h-0 min-w-0 flex-1 outline-none contain-content">{children}</main>
      <UploadDock />
      {palette && <Suspense><Palette tenant={tenant} kb={kb} onClose={() => setPalette(false)} onKeys={() => setKeys(true)} /></Suspense>}
      <KeysDialog open={keys} onClose={() => setKeys(false)} />
    </div>
  )
}

function Nav({ tenant, onPalette, onKeys }: { tenant: string; onPalette: () => void; onKeys: () => void }) {
  const { t } = useTranslation()
  const { kb } = useParams({ strict: false })
  return (
    <>
      <div className="grid gap-2 p-3">
        <Link to="/t/$tenant/kbs" params={{ tenant }} className="flex min-h-8 items-center gap-2 px-1 font-semibold"><img src="/icon.svg" alt="" width={22} height={22} />Kvasir</Link>
        <button type="button" onClick={onPalette} className="control flex w-full items-center gap-2 rounded-6 border border-line bg-bg px-2 text-13 text-muted transition-colors hover:border-edge"><Search size={14} aria-hidden />{t('palette.open')}<span className="ml-auto flex gap-0.5"><Kbd>⌘</Kbd><Kbd>K</Kbd></span></button>
      </div>
      <nav aria-label={t('nav.label')} className="grid min-h-0 flex-1 content-start gap-5 overflow-y-auto px-3 pb-3">
        <ul className="grid gap-px"><Item tenant={tenant} place={{ key: 'k', to: '/t/$tenant/kbs', icon: Library, text: 'nav.bases' }} exact /></ul>
        {kb && <section className="grid gap-1"><BaseChoice tenant={tenant} kb={kb} /><ul className="grid gap-px">{ROOMS.map(room => <Item key={room.key} tenant={tenant} kb={kb} place={room} />)}</ul></section>}
        <section className="grid gap-1"><h2 className="px-2 text-12 font-medium text-muted">{t('nav.workspace')}</h2><ul className="grid gap-px">{WORKSPACE.map(place => <Item key={place.key} tenant={tenant} place={place} />)}</ul></section>
      </nav>
      <Person onKeys={onKeys} />
    </>
  )
}

function Item({ tenant, kb, place: { to, icon: Icon, text }, exact = false }: { tenant: string; kb?: string; place: Place; exact?: boolean }) {
  const { t } = useTranslation()
  const path = useRouterState({ select: s => s.location.pathname })
  // Settings, benchmark and conversations have rooms of their own below: the whole branch is lit.
  const branch = String(to).replace('$tenant', tenant).replace('$kb', kb ?? '').replace(/\/(\{-\$\w+\}|answers|datasets\/\{-\$\w+\})$/, '')
  const here = exact ? path === branch : path === branch || path.startsWith(`${branch}/`)
  return (
    <li>
      <Link to={to} params={{ tenant, ...(kb && { kb }) } as never} preload="intent" aria-current={here ? 'page' : undefined}
        className={cx('flex min-h-8 items-center gap-2.5 rounded-6 px-2 text-13 transition-colors pointer-coarse:min-h-10', here ? 'bg-soft font-medium text-accent' : 'text-muted hover:bg-raised hover:text-fg')}>
        <Icon size={16} aria-hidden className="shrink-0" />{t(text)}
      </Link>
    </li>
  )
}

function BaseChoice({ tenant, kb }: { tenant: string; kb: string }) {
  const { t } = useTranslation()
  const { data = [] } = useQuery(basesQuery)
  const navigate = useNavigate()
  const now = data.find(b => b.id === kb)
  return (
    <Menu align="start" trigger={
      <button type="button" className="control flex w-full items-center gap-2 rounded-6 px-1.5 text-left text-13 font-semibold transition-colors hover:bg-raised">
        <Avatar name={now?.name ?? ''} seed={kb} size={22} /><span className="min-w-0 flex-1 truncate">{now?.name ?? '…'}</span><ChevronsUpDown size={14} aria-hidden className="text-muted" /><span className="sr-only">{t('nav.switch')}</span>
      </button>
    }>
      <MenuLabel>{t('nav.bases')}</MenuLabel>
      {data.slice(0, 12).map(b => <MenuItem key={b.id} onSelect={() => void navigate({ to: '/t/$tenant/kbs/$kb/overview', params: { tenant, kb: b.id } })}><Avatar name={b.name} seed={b.id} size={20} /><span className="truncate">{b.name}</span></MenuItem>)}
    </Menu>
  )
}

function Person({ onKeys }: { onKeys: () => void }) {
  const { t } = useTranslation()
  const { data: me } = useQuery(meQuery)
  const theme = useTheme()
  return (
    <div className="border-t border-line p-2">
      <Menu align="start" trigger={
        <button type="button" className="control flex w-full items-center gap-2 rounded-6 p-1.5 text-left text-13 transition-colors hover:bg-raised">
          <Avatar name={me?.email ?? ''} seed={me?.id ?? ''} size={24} /><span className="min-w-0 flex-1 truncate">{me?.name ?? me?.email ?? '…'}</span><ChevronsUpDown size={14} aria-hidden className="text-muted" /><span className="sr-only">{t('nav.account')}</span>
        </button>
      }>
        <MenuLabel>{t('nav.theme')}</MenuLabel>
        <MenuChoice value={theme} onChange={setTheme} options={(['auto', 'light', 'dark'] as const).map(value => ({ value, text: t(`theme.${value}`) }))} />
        <MenuLine />
        <MenuLabel>{t('nav.language')}</MenuLabel>
        <MenuChoice<Language> value={language()} onChange={next => void setLanguage(next)} options={Object.entries(LANGUAGES).map(([value, text]) => ({ value: value as Language, text }))} />
        <MenuLine />
        <MenuItem onSelect={onKeys}><CircleHelp size={15} aria-hidden />{t('keys.title')}</MenuItem>
        <MenuItem onSelect={() => void logout().then(() => location.assign(loginAddress()))}><LogOut size={15} aria-hidden />{t('nav.logout')}</MenuItem>
      </Menu>
    </div>
  )
}
