import { useMemo } from 'react'
import { useTranslation } from 'react-i18next'
import { mailKind, webKind } from './kinds'
import { SourcesScreen } from './SourcesScreen'

export function SourcesPage({ kbId, kind, open, onChange }: { kbId: string; kind: 'web' | 'mail'; open: string | undefined; onChange: (next: { open?: string | undefined }) => void }) {
  const { t } = useTranslation()
  const web = useMemo(() => webKind(t), [t])
  const mail = useMemo(() => mailKind(t), [t])
  return kind === 'web' ? <SourcesScreen kbId={kbId} kind={web} open={open} onChange={onChange} /> : <SourcesScreen kbId={kbId} kind={mail} open={open} onChange={onChange} />
}
