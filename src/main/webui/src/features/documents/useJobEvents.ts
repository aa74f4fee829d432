import { useQueryClient, type QueryClient } from '@tanstack/react-query'
import { useEffect } from 'react'
import { address } from '@/api/contract'
import { baseQuery, documentsQuery, embeddedQuery } from '@/api/queries'
import type { Job, KbDocument, KnowledgeBase } from '@/api/types'
import { follow } from '@/chat/follow'

/** News that come within this many milliseconds are shown together. */
const GATHER = 60

/** Puts what became of jobs over a list. @returns the same list where nothing in it changed, null where a document is not in it */
export function withJobs(documents: KbDocument[], jobs: Map<string, Job>): KbDocument[] | null {
  const known = new Set(documents.map(d => d.id))
  for (const [id, job] of jobs) if (!known.has(id) && job.status !== 'cancelled') return null
  return documents.map(d => {
    const job = jobs.get(d.id)
    return job ? { ...d, job } : d
  })
}

/** Follows the jobs of a knowledge base for as long as somebody looks: lists and counts are right without asking again. */
export function useJobEvents(kbId: string) {
  const client = useQueryClient()
  useEffect(() => {
    const shared = followed.get(kbId) ?? { readers: 0, stop: followJobs(client, kbId) }
    shared.readers++
    followed.set(kbId, shared)
    return () => {
      if (--shared.readers > 0) return
      shared.stop()
      followed.delete(kbId)
    }
  }, [client, kbId])
}

/** However many look, one connection. */
const followed = new Map<string, { readers: number; stop: () => void }>()

function followJobs(client: QueryClient, kbId: string): () => void {
  const controller = new AbortController()
  let pending = new Map<string, Job>()
  let published = false
  let kept = false
  let timer = 0
  const flush = () => {
    timer = 0
    const jobs = pending
    pending = new Map()
    const now = client.getQueryData(documentsQuery(kbId).queryKey)
    const next = now && withJobs(now, jobs)
    if (next) client.setQueryData(documentsQuery(kbId).queryKey, next)
    if (!next || published) {
      void client.invalidateQueries({ queryKey: documentsQuery(kbId).queryKey })
      void client.invalidateQueries({ queryKey: baseQuery(kbId).queryKey, exact: true })
    }
    if (kept) {
      void client.invalidateQueries({ queryKey: ['kb', kbId, 'faq'] })
      void client.invalidateQueries({ predicate: ({ queryKey: [sort, path] }) => (sort === 'list' || sort === 'one') && typeof path === 'string' && path.startsWith(address('/knowledge-bases/{kbId}', { path: { kbId } })) })
    }
    published = false
    kept = false
  }
  void follow(`/knowledge-bases/${kbId}/events`, (event, resumed) => {
    if (event.name.startsWith('job.')) {
      const job = event.data as Job
      pending.set(job.documentId, job)
    } else if (event.name.startsWith('embedding.')) {
      const news = event.data as Pick<KnowledgeBase, 'embeddingModel' | 'embeddingChange'>
      client.setQueryData(embeddedQuery(kbId).queryKey, kb => kb && { ...kb, ...news })
      return
    } else if (event.name === 'source.changed') {
      // A source that is kept fresh names its kind; a document does not.
      if ('kind' in (event.data as object)) kept = true
      else published ||= resumed
    }
    timer ||= window.setTimeout(flush, GATHER)
  }, controller.signal)
  return () => {
    controller.abort()
    clearTimeout(timer)
  }
}
