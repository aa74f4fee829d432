import { useQueryClient, type InfiniteData, type QueryClient } from '@tanstack/react-query'
import { useEffect } from 'react'
import { conversationQuery, conversationsQuery, messagesQuery } from '@/api/queries'
import type { ConversationEntry, Page } from '@/api/types'
import { follow } from '@/chat/follow'

/** News that come within this many milliseconds are shown together. */
const GATHER = 60

/** Puts entries as they are now into the pages of a list, the newest first. */
export function withEntries(pages: Page<ConversationEntry>[], entries: ConversationEntry[], status: string | undefined): Page<ConversationEntry>[] {
  const news = new Map(entries.map(e => [e.id, e]))
  const fits = (e: ConversationEntry) => !status || e.status === status
  const known = new Set(pages.flatMap(p => p.items.map(i => i.id)))
  const newest = pages[0]?.items[0]?.id ?? ''
  const fresh = [...news.values()].filter(e => !known.has(e.id) && e.id > newest && fits(e)).sort((a, b) => (a.id < b.id ? 1 : -1))
  return pages.map((page, i) => ({ ...page, items: [...(i === 0 ? fresh : []), ...page.items.map(item => news.get(item.id) ?? item).filter(fits)] }))
}

const LISTS = [undefined, 'active', 'closed'] as const

function put(client: QueryClient, kbId: string, entries: ConversationEntry[]) {
  for (const status of LISTS) {
    client.setQueryData(conversationsQuery(kbId, status).queryKey, (now: InfiniteData<Page<ConversationEntry>> | undefined) => now && { ...now, pages: withEntries(now.pages, entries, status) })
  }
}

/** The list of conversations, as it changes, for as long as somebody looks. */
export function useConversationEvents(kbId: string) {
  const client = useQueryClient()
  useEffect(() => {
    const controller = new AbortController()
    let pending: ConversationEntry[] = []
    let timer = 0
    let watched = false
    void follow(`/chat/events?kbId=${kbId}`, event => {
      if (event.name === 'conversation.changed') {
        pending.push(event.data as ConversationEntry)
        timer ||= window.setTimeout(() => {
          timer = 0
          put(client, kbId, pending)
          pending = []
        }, GATHER)
      } else if (event.name === 'conversations.watched') {
        // What changed while nobody listened is read, and what is read before the first word may be older than it.
        if (watched) void client.invalidateQueries({ queryKey: ['conversations', kbId] })
        watched = true
      }
    }, controller.signal)
    return () => {
      controller.abort()
      clearTimeout(timer)
    }
  }, [client, kbId])
}

/** One conversation while it is looked at: what is asked in it, and what became of it, comes by itself. */
export function useConversationTalk(id: string) {
  const client = useQueryClient()
  useEffect(() => {
    const controller = new AbortController()
    let timer = 0
    void follow(`/chat/conversations/${id}/events`, event => {
      // What is written comes by a line of its own, word by word.
      if (event.name === 'delta') return
      timer ||= window.setTimeout(() => {
        timer = 0
        for (const { queryKey } of [conversationQuery(id), messagesQuery(id)]) void client.invalidateQueries({ queryKey })
      }, GATHER * 3)
    }, controller.signal)
    return () => {
      controller.abort()
      clearTimeout(timer)
    }
  }, [client, id])
}
