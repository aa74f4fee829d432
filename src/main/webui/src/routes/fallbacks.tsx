import { useRouter } from '@tanstack/react-router'
import { Compass } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import { Failed, Notice } from '@/ui/states'
import { Overlays } from '@/ui/tip'

export function NotFound() {
  const { t } = useTranslation()
  return <main><Notice icon={Compass} title={t('state.notFound')} text={t('state.notFoundText')} action={<a href="/t/me/kbs" className="text-13 text-accent underline underline-offset-2">{t('nav.bases')}</a>} /></main>
}

export function Broken({ error, reset }: { error: unknown; reset: () => void }) {
  const router = useRouter()
  return <Overlays><main><Failed error={error} retry={() => { reset(); void router.invalidate() }} /></main></Overlays>
}
