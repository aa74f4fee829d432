import { useQueryClient, type QueryClient } from '@tanstack/react-query'
import { useEffect } from 'react'
import { baseQuery, documentsQuery } from '@/api/queries'
import { Problem } from '@/api/problem'
import { call } from '@/api/session'
import type { Job, KbDocument } from '@/api/types'
import { readEvents } from '@/chat/sse'

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
    const shared = followed.get(kbId) ?? { readers: 0, stop: follow(client, kbId) }
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

function follow(client: QueryClient, kbId: string): () => void {
  const controller = new AbortController()
  const { signal } = controller
  let pending = new Map<string, Job>()
  let published = false
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
    published = false
  }
  const read = async () => {
    let last = ''
    for (let pause = 500; !signal.aborted; pause = Math.min(pause * 2, 8000)) {
      try {
        const response = await call('GET', `/knowledge-bases/${kbId}/events`, { signal, headers: { Accept: 'text/event-stream', ...(last && { 'Last-Event-ID': last }) } })
        await readEvents(response, event => {
          pause = 500
          const first = last === ''
          if (event.id) last = event.id
          if (event.name.startsWith('job.')) {
            const job = event.data as Job
            pending.set(job.documentId, job)
          } else if (event.name === 'source.changed') published ||= !first
          timer ||= window.setTimeout(flush, GATHER)
        })
      } catch (e) {
        if (signal.aborted || (e instanceof Problem && e.status >= 400 && e.status < 500 && e.status !== 429)) return
      }
      await new Promise(resolve => setTimeout(resolve, pause))
    }
  }
  void read()
  return () => {
    controller.abort()
    clearTimeout(timer)
  }
}
