import { useMemo } from 'react'
import { useTranslation } from 'react-i18next'
import { mailKind, webKind } from './kinds'
import { SourcesScreen } from './SourcesScreen'

export function SourcesPage({ kbId, kind, open, onChange }: { kbId: string; kind: 'web' | 'mail'; open: string | undefined; onChange: (next: { open?: string | undefined }) => void }) {
  const { t } = useTranslation()
  const shape = useMemo(() => (kind === 'web' ? webKind(t) : mailKind(t)), [kind, t])
  return <SourcesScreen kbId={kbId} kind={shape} open={open} onChange={onChange} />
}
