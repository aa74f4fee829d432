import '@/ui/tokens.css'
import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { RouterProvider } from '@tanstack/react-router'
import { setNonce } from 'get-nonce'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { again } from '@/api/queries'
import { startI18n } from '@/lib/i18n'
import { startTheme } from '@/lib/theme'
import { createAppRouter } from './router'

const nonce = document.querySelector<HTMLMetaElement>('meta[name=csp-nonce]')?.content
if (nonce) setNonce(nonce)
startTheme()
const client = new QueryClient({ defaultOptions: { queries: { retry: again, staleTime: 10_000, refetchOnWindowFocus: true } } })
const router = createAppRouter(client)

// Words and the first screen come at the same time, not one after the other; where the screen cannot be had the router says so itself.
void Promise.all([startI18n(), router.load().catch(() => {})]).then(() => {
  createRoot(document.getElementById('root')!).render(
    <StrictMode>
      <QueryClientProvider client={client}><RouterProvider router={router} /></QueryClientProvider>
    </StrictMode>,
  )
})
