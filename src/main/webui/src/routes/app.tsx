import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { RouterProvider } from '@tanstack/react-router'
import { setNonce } from 'get-nonce'
import { StrictMode, startTransition } from 'react'
import { createRoot } from 'react-dom/client'
import { again } from '@/api/queries'
import { breath } from '@/lib/breath'
import { startI18n } from '@/lib/i18n'
import { startTheme } from '@/lib/theme'
import { createAppRouter } from './router'

const nonce = document.querySelector<HTMLMetaElement>('meta[name=csp-nonce]')?.content
if (nonce) setNonce(nonce)
startTheme()
const client = new QueryClient({ defaultOptions: { queries: { retry: again, staleTime: 10_000, refetchOnWindowFocus: true } } })
const router = createAppRouter(client)

// Words and the first screen come at the same time, not one after the other; where the screen cannot be had the router says so itself.
void breath().then(() => Promise.all([startI18n(), router.load().catch(() => {})])).then(() => {
  const page = createRoot(document.getElementById('root')!)
  // A transition is drawn in small steps, between which a slow processor hears what one does.
  startTransition(() => page.render(
    <StrictMode>
      <QueryClientProvider client={client}><RouterProvider router={router} /></QueryClientProvider>
    </StrictMode>,
  ))
})
