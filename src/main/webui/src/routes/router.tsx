import type { QueryClient } from '@tanstack/react-query'
import { Outlet, createRootRouteWithContext, createRoute, createRouter, lazyRouteComponent, redirect } from '@tanstack/react-router'
import { basesQuery, baseQuery, documentsQuery, meQuery } from '@/api/queries'
import { loginAddress, token } from '@/api/session'

const pages = () => import('./pages')
const fallbacks = () => import('./fallbacks')
const entrance = () => import('./entrance')

const root = createRootRouteWithContext<{ client: QueryClient }>()({ component: Outlet, notFoundComponent: lazyRouteComponent(fallbacks, 'NotFound'), errorComponent: lazyRouteComponent(fallbacks, 'Broken') })

const text = (value: unknown) => (typeof value === 'string' && value !== '' ? value : undefined)
/** What is left out of the address is undefined, so that the address stays short. */
const only = <T extends object>(values: T) => Object.fromEntries(Object.entries(values).filter(([, v]) => v !== undefined)) as Partial<T>

// Before one is in. The login is a page of its own (LoginPage.tsx), also for whoever writes a slash behind its address.
const login = createRoute({ getParentRoute: () => root, path: 'login', beforeLoad: ({ location }) => { throw redirect({ href: `/login${location.searchStr}`, reloadDocument: true }) } })
const start = createRoute({ getParentRoute: () => root, path: '/', beforeLoad: () => { throw redirect({ to: '/t/$tenant/kbs', params: { tenant: 'me' } }) } })
const signup = createRoute({ getParentRoute: () => root, path: 'signup', component: lazyRouteComponent(entrance, 'Signup') })
const mfa = createRoute({ getParentRoute: () => root, path: 'mfa', component: lazyRouteComponent(entrance, 'Mfa') })
const reset = createRoute({ getParentRoute: () => root, path: 'reset', validateSearch: (s: Record<string, unknown>) => only({ token: text(s.token) }), component: lazyRouteComponent(entrance, 'Reset') })
const verify = createRoute({ getParentRoute: () => root, path: 'verify', validateSearch: (s: Record<string, unknown>) => only({ token: text(s.token) }), component: lazyRouteComponent(entrance, 'Verify') })
const invite = createRoute({ getParentRoute: () => root, path: 'invite/$token', component: lazyRouteComponent(entrance, 'Invite') })
const callback = createRoute({ getParentRoute: () => root, path: 'auth/$provider/callback', validateSearch: (s: Record<string, unknown>) => only({ error: text(s.error) }), component: lazyRouteComponent(entrance, 'Callback') })

// A tenant's rooms: only with a credential, and only under one's own tenant's address.
const tenant = createRoute({
  getParentRoute: () => root, path: 't/$tenant',
  beforeLoad: async ({ context, params, location }) => {
    if (!(await token())) throw redirect({ href: loginAddress(location.href), reloadDocument: true })
    const me = await context.client.ensureQueryData(meQuery)
    if (params.tenant !== me.tenantId) throw redirect({ href: location.href.replace(/^\/t\/[^/?#]+/, `/t/${me.tenantId}`), replace: true })
  },
  component: lazyRouteComponent(pages, 'Tenant'),
})
const bases = createRoute({
  getParentRoute: () => tenant, path: 'kbs', validateSearch: (s: Record<string, unknown>) => only({ q: text(s.q), create: s.create === true ? true : undefined }),
  loader: ({ context }) => void context.client.prefetchQuery(basesQuery), component: lazyRouteComponent(pages, 'Bases'),
})
const base = createRoute({ getParentRoute: () => tenant, path: 'kbs/$kb', loader: ({ context, params }) => void context.client.prefetchQuery(baseQuery(params.kb)), component: lazyRouteComponent(pages, 'Base') })
const overview = createRoute({ getParentRoute: () => base, path: 'overview', loader: ({ context, params }) => void context.client.prefetchQuery(documentsQuery(params.kb)), component: lazyRouteComponent(pages, 'Overview') })
const conversations = createRoute({
  getParentRoute: () => base, path: 'conversations/{-$id}', component: lazyRouteComponent(pages, 'Conversations'),
  validateSearch: (s: Record<string, unknown>) => only({ status: s.status === 'active' || s.status === 'closed' ? (s.status as 'active' | 'closed') : undefined }),
})
const search = createRoute({
  getParentRoute: () => base, path: 'search', component: lazyRouteComponent(pages, 'Search'),
  validateSearch: (s: Record<string, unknown>) => only({ q: s.q === undefined ? undefined : String(s.q), mode: s.mode === 'dense' || s.mode === 'keyword' ? (s.mode as 'dense' | 'keyword') : undefined, limit: [5, 20, 50].includes(Number(s.limit)) ? Number(s.limit) : undefined }),
})
const documents = createRoute({
  getParentRoute: () => base, path: 'documents/{-$doc}', loader: ({ context, params }) => void context.client.prefetchQuery(documentsQuery(params.kb)), component: lazyRouteComponent(pages, 'Documents'),
  validateSearch: (s: Record<string, unknown>) => only({ q: s.q === undefined ? undefined : String(s.q), at: text(s.at), show: s.show === 'working' || s.show === 'ready' || s.show === 'failed' ? (s.show as 'working' | 'ready' | 'failed') : undefined }),
})
const opened = (s: Record<string, unknown>) => only({ open: text(s.open) })
const faq = createRoute({ getParentRoute: () => base, path: 'faq', validateSearch: (s: Record<string, unknown>) => only({ open: text(s.open), q: s.q === undefined ? undefined : String(s.q) }), component: lazyRouteComponent(pages, 'Faq') })
const web = createRoute({ getParentRoute: () => base, path: 'web', validateSearch: opened, component: lazyRouteComponent(pages, 'Web') })
const email = createRoute({ getParentRoute: () => base, path: 'email', validateSearch: opened, component: lazyRouteComponent(pages, 'Email') })
const datasets = createRoute({ getParentRoute: () => base, path: 'benchmark/datasets/{-$ds}', component: lazyRouteComponent(pages, 'Datasets') })
const runs = createRoute({ getParentRoute: () => base, path: 'benchmark/runs/{-$run}', component: lazyRouteComponent(pages, 'Runs') })
const compare = createRoute({
  getParentRoute: () => base, path: 'benchmark/compare', component: lazyRouteComponent(pages, 'Compare'),
  validateSearch: (s: Record<string, unknown>) => only({ base: text(s.base), runs: text(s.runs), different: s.different === true ? true : undefined }),
})
const answers = createRoute({ getParentRoute: () => base, path: 'settings/answers', component: lazyRouteComponent(pages, 'Answers') })
const widget = createRoute({ getParentRoute: () => base, path: 'settings/widget', component: lazyRouteComponent(pages, 'Widget') })
const share = createRoute({ getParentRoute: () => base, path: 'settings/share', component: lazyRouteComponent(pages, 'Share') })
const apiKeys = createRoute({ getParentRoute: () => base, path: 'settings/api', component: lazyRouteComponent(pages, 'ApiKeys') })
const members = createRoute({ getParentRoute: () => tenant, path: 'settings/members', validateSearch: (s: Record<string, unknown>) => only({ invite: s.invite === true ? true : undefined }), component: lazyRouteComponent(pages, 'Members') })
const security = createRoute({ getParentRoute: () => tenant, path: 'settings/security', component: lazyRouteComponent(pages, 'Security') })
const billing = createRoute({ getParentRoute: () => tenant, path: 'settings/billing', component: lazyRouteComponent(pages, 'Usage') })
const usage = createRoute({ getParentRoute: () => tenant, path: 'settings/usage', component: lazyRouteComponent(pages, 'Usage') })
const audit = createRoute({ getParentRoute: () => tenant, path: 'settings/audit', validateSearch: (s: Record<string, unknown>) => only({ open: s.open === undefined ? undefined : String(s.open) }), component: lazyRouteComponent(pages, 'Audit') })

const tree = root.addChildren([
  start, login, signup, mfa, reset, verify, invite, callback,
  tenant.addChildren([
    bases, base.addChildren([overview, conversations, search, documents, faq, web, email, datasets, runs, compare, answers, widget, share, apiKeys]),
    members, security, billing, usage, audit,
  ]),
])

export const createAppRouter = (client: QueryClient) => createRouter({ routeTree: tree, context: { client }, defaultPreload: 'intent', defaultPreloadStaleTime: 0, defaultPendingMs: 200 })

declare module '@tanstack/react-router' {
  interface Register { router: ReturnType<typeof createAppRouter> }
}
