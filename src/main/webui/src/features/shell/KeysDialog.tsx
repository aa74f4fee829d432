import { useTranslation } from 'react-i18next'
import { Dialog } from '@/ui/overlay'
import { Kbd } from '@/ui/tip'

const MAP: [string[], string][] = [
  [['⌘', 'K'], 'keys.palette'], [['?'], 'keys.help'], [['C'], 'keys.create'], [['J'], 'keys.next'], [['K'], 'keys.previous'], [['E'], 'keys.resolve'], [['Esc'], 'keys.close'],
  [['G', 'K'], 'nav.bases'], [['G', 'O'], 'nav.overview'], [['G', 'C'], 'nav.conversations'], [['G', 'S'], 'nav.search'], [['G', 'D'], 'nav.documents'], [['G', 'F'], 'nav.faq'],
  [['G', 'W'], 'nav.web'], [['G', 'E'], 'nav.email'], [['G', 'T'], 'nav.benchmark'], [['G', ','], 'nav.settings'],
]

export function KeysDialog({ open, onClose }: { open: boolean; onClose: () => void }) {
  const { t } = useTranslation()
  return (
    <Dialog open={open} onClose={onClose} title={t('keys.title')} text={t('keys.text')}>
      <dl className="grid gap-x-8 gap-y-2 pb-2 text-13 sm:grid-cols-2">
        {MAP.map(([keys, text]) => <div key={text} className="flex items-center justify-between gap-3"><dt>{t(text)}</dt><dd className="flex gap-1">{keys.map(k => <Kbd key={k}>{k}</Kbd>)}</dd></div>)}
      </dl>
    </Dialog>
  )
}
