import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query'
import { api, query } from './client'
import type { ConversationEntry, FaqEntry, Job, KbDocument, KnowledgeBase, Me, Page, RagConfig } from './types'
import { Problem } from './problem'

export const kbPath = (kb: string) => `/knowledge-bases/${kb}`

/** Refusals don't get better by repetition; a server that is away may come back. */
export const again = (failures: number, error: Error) => failures < 3 && (!(error instanceof Problem) || error.status === 0 || error.status === 429 || error.status >= 502)

async function all<T>(path: string, params: Record<string, string | undefined>, signal: AbortSignal): Promise<T[]> {
  const items: T[] = []
  let cursor: string | null = null
  do {
    const page: Page<T> = await api.get<Page<T>>(`${path}${query({ ...params, limit: 200, cursor })}`, signal)
    items.push(...page.items)
    cursor = page.nextCursor
  } while (cursor)
  return items
}

export const meQuery = queryOptions({ queryKey: ['me'], queryFn: ({ signal }) => api.get<Me>('/auth/me', signal), staleTime: 60_000 })

export const basesQuery = queryOptions({ queryKey: ['kbs'], queryFn: ({ signal }) => all<KnowledgeBase>('/knowledge-bases', {}, signal) })

export const baseQuery = (kb: string) => queryOptions({ queryKey: ['kb', kb], queryFn: ({ signal }) => api.get<KnowledgeBase>(kbPath(kb), signal) })

export const documentsQuery = (kb: string) => queryOptions({ queryKey: ['kb', kb, 'documents'], queryFn: ({ signal }) => all<KbDocument>(`${kbPath(kb)}/documents`, {}, signal) })

export const documentQuery = (kb: string, id: string) => queryOptions({ queryKey: ['kb', kb, 'document', id], queryFn: ({ signal }) => api.get<KbDocument>(`${kbPath(kb)}/documents/${id}`, signal) })

export const jobsQuery = (kb: string) => queryOptions({ queryKey: ['kb', kb, 'jobs'], queryFn: ({ signal }) => all<Job>(`${kbPath(kb)}/jobs`, {}, signal) })

export const ragQuery = (kb: string) => queryOptions({ queryKey: ['kb', kb, 'rag'], queryFn: ({ signal }) => api.get<RagConfig>(`${kbPath(kb)}/rag-config`, signal) })

export const sitesQuery = (kb: string) => queryOptions({ queryKey: ['kb', kb, 'sites'], queryFn: ({ signal }) => api.get<{ origins: string[]; indexed: boolean | null; signed: boolean }>(`${kbPath(kb)}/sites`, signal) })

export const faqQuery = (kb: string) => queryOptions({ queryKey: ['kb', kb, 'faq'], queryFn: ({ signal }) => all<FaqEntry>(`${kbPath(kb)}/knowledge`, {}, signal) })

export const conversationsQuery = (kb: string, status: string | undefined) => infiniteQueryOptions({
  queryKey: ['conversations', kb, status ?? 'all'],
  queryFn: ({ pageParam, signal }) => api.get<Page<ConversationEntry>>(`/chat/conversations${query({ kbId: kb, status, limit: 100, cursor: pageParam })}`, signal),
  initialPageParam: null as string | null,
  getNextPageParam: page => page.nextCursor,
})

/** Lists whose rooms may be missing on this server: any record with an id. */
export const listQuery = <T>(path: string) => queryOptions({ queryKey: ['list', path], queryFn: ({ signal }) => all<T>(path, {}, signal) })
export const oneQuery = <T>(path: string) => queryOptions({ queryKey: ['one', path], queryFn: ({ signal }) => api.get<T>(path, signal) })
