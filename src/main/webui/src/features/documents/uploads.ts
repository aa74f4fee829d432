import { useSyncExternalStore } from 'react'
import { Problem } from '@/api/problem'
import { token } from '@/api/session'
import type { Job } from '@/api/types'
import { forgetFile, keepFile, keptFile, sweepFiles } from './files'

/** One file on its way. `sent` and `total` are bytes; once it has arrived the server's job tells the rest. */
export interface Upload {
  id: string
  kbId: string
  name: string
  total: number
  sent: number
  state: 'waiting' | 'sending' | 'arrived' | 'failed' | 'interrupted'
  documentId: string | null
  problem: string | null
}

/** How many files travel at once. */
const AT_ONCE = 3
/** Milliseconds until a file is sent again that the server believes to be under way still. */
const STILL_SENT = 1000
const KEY = 'kvasir.uploads'

let uploads: Upload[] = read()
const files = new Map<string, File>()
const requests = new Map<string, XMLHttpRequest>()
/** those a reload does not lose */
const safe = new Set<string>()
const listeners = new Set<() => void>()
const arrivals = new Set<(upload: Upload, job: Job) => void>()

/** What was on its way when the page was left waits for its file, which the browser kept. What had arrived goes on at the server. */
function read(): Upload[] {
  try {
    const kept = JSON.parse(sessionStorage.getItem(KEY) ?? '[]') as Upload[]
    return kept.map(u => (u.state === 'sending' ? { ...u, state: 'waiting' as const, sent: 0 } : u))
  } catch {
    return []
  }
}

/** Goes on where a page that was left had stopped; its key makes the server take a file once however often it is sent. */
async function resume() {
  for (const { id } of uploads.filter(u => u.state === 'waiting')) {
    const file = await keptFile(id)
    if (file) {
      files.set(id, file)
      safe.add(id)
    } else change(id, { state: 'interrupted', sent: 0 })
  }
  next()
  await sweepFiles()
}

function set(next: Upload[]) {
  uploads = next
  sessionStorage.setItem(KEY, JSON.stringify(next.slice(-200)))
  for (const listener of listeners) listener()
}

const change = (id: string, part: Partial<Upload>) => set(uploads.map(u => (u.id === id ? { ...u, ...part } : u)))

export function useUploads(): Upload[] {
  return useSyncExternalStore(listener => {
    listeners.add(listener)
    return () => listeners.delete(listener)
  }, () => uploads)
}

/** Hears of each file that has arrived, with the job the server made of it. */
export function onArrival(listener: (upload: Upload, job: Job) => void) {
  arrivals.add(listener)
  return () => { arrivals.delete(listener) }
}

export function upload(kbId: string, list: Iterable<File>) {
  const added: Upload[] = []
  for (const file of list) {
    const id = crypto.randomUUID()
    files.set(id, file)
    void keepFile(id, file).then(kept => { if (kept !== undefined) safe.add(id) })
    added.push({ id, kbId, name: file.name, total: file.size, sent: 0, state: 'waiting', documentId: null, problem: null })
  }
  set([...uploads, ...added])
  next()
}

function next() {
  let room = AT_ONCE - uploads.filter(u => u.state === 'sending').length
  for (const u of uploads) {
    if (room <= 0) return
    if (u.state === 'waiting' && files.has(u.id)) {
      room--
      change(u.id, { state: 'sending' })
      void send(u)
    }
  }
}

async function send(u: Upload) {
  const { id, kbId } = u
  const bearer = await token()
  const file = files.get(id)
  if (!file || !uploads.some(u => u.id === id)) return
  const form = new FormData()
  form.append('file', file, file.name)
  const request = new XMLHttpRequest()
  requests.set(id, request)
  let drawn = 0
  request.upload.addEventListener('progress', event => {
    if (event.timeStamp - drawn < 80 && event.loaded < event.total) return
    drawn = event.timeStamp
    // The envelope of the form counts too: never show more than the file holds.
    change(id, { sent: Math.min(event.loaded, file.size) })
  })
  const over = (part: Partial<Upload>) => {
    requests.delete(id)
    if (part.state === 'arrived') {
      files.delete(id)
      void forgetFile(id)
    }
    change(id, part)
    next()
  }
  request.addEventListener('load', () => {
    const answer = parse(request.responseText)
    const job = (answer as { jobs?: Job[] }).jobs?.[0]
    if (request.status === 202 && job) {
      over({ state: 'arrived', sent: file.size, documentId: job.documentId })
      const arrived = uploads.find(u => u.id === id)
      if (arrived) for (const listener of arrivals) listener(arrived, job)
    } else if (request.status === 409 && String((answer as { type?: unknown }).type).endsWith('idempotent-request-in-progress')) {
      // The server has not noticed yet that the page which sent it before is gone.
      requests.delete(id)
      setTimeout(() => void send(u), STILL_SENT)
    } else over({ state: 'failed', problem: new Problem(request.status, answer).message || null })
  })
  request.addEventListener('error', () => over({ state: 'failed', problem: null }))
  request.open('POST', `/api/v1/knowledge-bases/${kbId}/documents`)
  if (bearer) request.setRequestHeader('Authorization', `Bearer ${bearer}`)
  request.setRequestHeader('Idempotency-Key', id)
  request.setRequestHeader('Accept', 'application/json')
  request.send(form)
}

function parse(text: string): object {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? value : {}
  } catch {
    return {}
  }
}

export const canRetry = (id: string) => files.has(id)

export function retry(id: string) {
  if (!files.has(id)) return
  change(id, { state: 'waiting', sent: 0, problem: null })
  next()
}

/** Stops a transfer, or takes a finished one off the list. */
export function dismiss(id: string) {
  requests.get(id)?.abort()
  requests.delete(id)
  files.delete(id)
  void forgetFile(id)
  set(uploads.filter(u => u.id !== id))
  next()
}

export function dismissAll() {
  for (const u of uploads) {
    requests.get(u.id)?.abort()
    void forgetFile(u.id)
  }
  requests.clear()
  files.clear()
  set([])
}

window.addEventListener('beforeunload', event => {
  if (uploads.some(u => (u.state === 'sending' || u.state === 'waiting') && !safe.has(u.id))) event.preventDefault()
})

void resume()
