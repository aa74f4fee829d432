import { useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { Command } from 'cmdk'
import { CircleHelp, FileText, Library, Moon, Plus, Sun } from 'lucide-react'
import { Dialog } from 'radix-ui'
import { useState, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { basesQuery, documentsQuery } from '@/api/queries'
import { setTheme } from '@/lib/theme'
import { Avatar } from '@/ui/bits'
import { Kbd } from '@/ui/tip'
import { useGo } from './go'
import { ROOMS, WORKSPACE } from './places'

const ITEM = 'flex min-h-9 cursor-pointer items-center gap-2.5 rounded-6 px-2.5 text-13 data-[selected=true]:bg-soft data-[selected=true]:text-accent'
const GROUP = '[&_[cmdk-group-heading]]:px-2.5 [&_[cmdk-group-heading]]:py-1.5 [&_[cmdk-group-heading]]:text-12 [&_[cmdk-group-heading]]:text-muted'

/** Everything by its name. */
export default function Palette({ tenant, kb, onClose, onKeys }: { tenant: string; kb: string | undefined; onClose: () => void; onKeys: () => void }) {
  const { t } = useTranslation()
  const navigate = useNavigate()
  const go = useGo(tenant, kb)
  const [text, setText] = useState('')
  const { data: bases = [] } = useQuery(basesQuery)
  const { data: documents = [] } = useQuery({ ...documentsQuery(kb ?? ''), enabled: Boolean(kb) })
  const then = (action: () => void) => () => {
    onClose()
    action()
  }
  const item = (key: string, label: string, icon: ReactNode, action: () => void, keys?: string) => (
    <Command.Item key={key} value={`${label} ${key}`} onSelect={then(action)} className={ITEM}>{icon}<span className="min-w-0 flex-1 truncate">{label}</span>{keys && <span className="flex gap-1">{keys.split(' ').map(k => <Kbd key={k}>{k}</Kbd>)}</span>}</Command.Item>
  )
  return (
    <Dialog.Root open onOpenChange={open => { if (!open) onClose() }}>
      <Dialog.Portal>
        <Dialog.Overlay className="anim-fade fixed inset-0 z-40 bg-[oklch(10%_.02_265/.45)]" />
        <Dialog.Content data-modal aria-describedby={undefined} className="anim-rise fixed top-[10vh] left-1/2 z-50 w-[min(600px,calc(100vw-24px))] -translate-x-1/2 overflow-hidden rounded-12 border border-line bg-surface shadow-float">
          <Dialog.Title className="sr-only">{t('palette.title')}</Dialog.Title>
          <Command label={t('palette.title')} loop>
            <Command.Input value={text} onValueChange={setText} placeholder={t('palette.placeholder')} className="h-12 w-full border-b border-line bg-transparent px-4 text-14 outline-none" />
            <Command.List className="max-h-[min(420px,60vh)] overflow-y-auto p-1.5">
              <Command.Empty className="px-3 py-8 text-center text-13 text-muted">{t('palette.none')}</Command.Empty>
              {kb && <Command.Group heading={t('palette.here')} className={GROUP}>{ROOMS.map(r => item(`room-${r.key}`, t(r.text), <r.icon size={16} aria-hidden />, () => go(r.to), `G ${r.key.toUpperCase()}`))}</Command.Group>}
              <Command.Group heading={t('nav.bases')} className={GROUP}>
                {item('all', t('palette.allBases'), <Library size={16} aria-hidden />, () => go('/t/$tenant/kbs'), 'G K')}
                {item('create', t('bases.create'), <Plus size={16} aria-hidden />, () => void navigate({ to: '/t/$tenant/kbs', params: { tenant }, search: { create: true } }), 'C')}
                {bases.slice(0, 50).map(b => item(b.id, b.name, <Avatar name={b.name} seed={b.id} size={18} />, () => void navigate({ to: '/t/$tenant/kbs/$kb/overview', params: { tenant, kb: b.id } })))}
              </Command.Group>
              {kb && text.length > 1 && documents.length > 0 && <Command.Group heading={t('nav.documents')} className={GROUP}>{documents.slice(0, 200).map(d => item(d.id, d.title, <FileText size={16} aria-hidden />, () => void navigate({ to: '/t/$tenant/kbs/$kb/documents/{-$doc}', params: { tenant, kb, doc: d.id } })))}</Command.Group>}
              <Command.Group heading={t('nav.workspace')} className={GROUP}>
                {WORKSPACE.map(p => item(`w-${p.key}`, t(p.text), <p.icon size={16} aria-hidden />, () => go(p.to), `G ${p.key.toUpperCase()}`))}
                {item('light', t('palette.light'), <Sun size={16} aria-hidden />, () => setTheme('light'))}
                {item('dark', t('palette.dark'), <Moon size={16} aria-hidden />, () => setTheme('dark'))}
                {item('keys', t('keys.title'), <CircleHelp size={16} aria-hidden />, onKeys, '?')}
              </Command.Group>
            </Command.List>
          </Command>
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  )
}
