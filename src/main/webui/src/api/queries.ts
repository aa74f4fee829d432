import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query'
import { all, api } from './client'
import { address, type Given, type ListPath, type PathOf, type Rest, type Where } from './contract'
import { Problem } from './problem'
import type { ConversationEntry } from './types'

/** Refusals don't get better by repetition; a server that is away may come back. */
export const again = (failures: number, error: Error) => failures < 3 && (!(error instanceof Problem) || error.status === 0 || error.status === 429 || error.status >= 502)

const of = (kbId: string) => ({ path: { kbId } })

export const meQuery = queryOptions({ queryKey: ['me'], queryFn: ({ signal }) => api.get('/auth/me', { signal }), staleTime: 60_000 })

export const basesQuery = queryOptions({ queryKey: ['kbs'], queryFn: ({ signal }) => all('/knowledge-bases', { signal }) })

export const baseQuery = (kb: string) => queryOptions({ queryKey: ['kb', kb], queryFn: ({ signal }) => api.get('/knowledge-bases/{kbId}', { ...of(kb), signal }) })

export const documentsQuery = (kb: string) => queryOptions({ queryKey: ['kb', kb, 'documents'], queryFn: ({ signal }) => all('/knowledge-bases/{kbId}/documents', { ...of(kb), signal }) })

export const ragQuery = (kb: string) => queryOptions({ queryKey: ['kb', kb, 'rag'], queryFn: ({ signal }) => api.get('/knowledge-bases/{kbId}/rag-config', { ...of(kb), signal }) })

export const sitesQuery = (kb: string) => queryOptions({ queryKey: ['kb', kb, 'sites'], queryFn: ({ signal }) => api.get('/knowledge-bases/{kbId}/sites', { ...of(kb), signal }) })

export const faqQuery = (kb: string) => queryOptions({ queryKey: ['kb', kb, 'faq'], queryFn: ({ signal }) => all('/knowledge-bases/{kbId}/knowledge', { ...of(kb), signal }) })

export const conversationsQuery = (kb: string, status: ConversationEntry['status'] | undefined) => infiniteQueryOptions({
  queryKey: ['conversations', kb, status ?? 'all'],
  queryFn: ({ pageParam, signal }) => api.get('/chat/conversations', { query: { kbId: kb, status, limit: 100, cursor: pageParam ?? undefined }, signal }),
  initialPageParam: null as string | null,
  getNextPageParam: page => page.nextCursor,
})

export const conversationQuery = (id: string) => oneQuery('/chat/conversations/{conversationId}', { path: { conversationId: id } })
export const messagesQuery = (id: string) => listQuery('/chat/conversations/{conversationId}/messages', { path: { conversationId: id } })

/** A whole list, or one answer, kept under its address. */
export const listQuery = <P extends ListPath>(path: P, ...[given]: Rest<Given<'get', P>>) => queryOptions({ queryKey: ['list', address(path, given as Where)], queryFn: ({ signal }) => all(path, { ...given, signal } as Given<'get', P>) })
export const oneQuery = <P extends PathOf<'get'>>(path: P, ...[given]: Rest<Given<'get', P>>) => queryOptions({ queryKey: ['one', address(path, given as Where)], queryFn: ({ signal }) => api.get(path, ...([{ ...given, signal }] as Rest<Given<'get', P>>)) })

/** A knowledge base as its embedding is told of: apart from the one that forms edit, which each change would empty. */
export const embeddedQuery = (kbId: string) => oneQuery('/knowledge-bases/{kbId}', { path: { kbId } })
