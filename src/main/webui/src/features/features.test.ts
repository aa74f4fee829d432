import { describe, expect, it } from 'vitest'
import type { ConversationEntry, Job, KbDocument, SearchResult } from '@/api/types'
import { words } from './benchmark/diff'
import { locate } from './documents/DocumentText'
import { withEntries } from './conversations/useConversationEvents'
import { withJobs } from './documents/useJobEvents'
import { nameOf } from './knowledge-bases/start'
import { asked, headings } from './knowledge-bases/suggestions'
import { highlight, move, stageNames } from './search/moves'

describe('a passage in a document', () => {
  const text = 'One.\n\nRefunds are paid\nwithin 14 days (always).'
  it('is found by its offsets, if they can be true', () => {
    expect(locate(text, '0-4')).toEqual([0, 4])
    expect(locate(text, '4-2')).toBeNull()
    expect(locate(text, '0-999')).toBeNull()
  })
  it('is found by its words, whatever the white space', () => {
    const place = locate(text, '~Refunds are paid within 14 days (always)…')!
    expect(text.slice(...place)).toBe('Refunds are paid\nwithin 14 days (always)')
    expect(locate(text, '~nothing like it')).toBeNull()
    expect(locate(text, undefined)).toBeNull()
  })
})

describe('news of jobs', () => {
  const doc = (id: string) => ({ id, job: { id: `j${id}`, status: 'pending' } }) as KbDocument
  const job = (status: string) => ({ status }) as Job
  it('are put over the list', () => {
    expect(withJobs([doc('a'), doc('b')], new Map([['b', job('completed')]]))!.map(d => d.job.status)).toEqual(['pending', 'completed'])
  })
  it('of a document that is not there ask for the list anew', () => {
    expect(withJobs([doc('a')], new Map([['c', job('pending')]]))).toBeNull()
  })
})

describe('news of conversations', () => {
  const entry = (id: string, status = 'active', updatedAt = '1') => ({ id, kbId: 'k', status, createdAt: '1', updatedAt }) as ConversationEntry
  const pages = [{ items: [entry('c'), entry('b')], nextCursor: 'x' }, { items: [entry('a')], nextCursor: null }]
  const ids = (all: typeof pages) => all.map(p => p.items.map(i => i.id).join(''))
  it('change those that stand, and put new ones first', () => {
    const next = withEntries(pages, [entry('a', 'active', '2'), entry('e'), entry('d')], undefined)
    expect(ids(next)).toEqual(['edcb', 'a'])
    expect(next[1]!.items[0]!.updatedAt).toBe('2')
  })
  it('leave a list that is of others now, and do not bring what is further down than was read', () => {
    expect(ids(withEntries(pages, [entry('b', 'closed'), entry('d', 'closed')], 'active'))).toEqual(['c', 'a'])
    expect(ids(withEntries(pages, [entry('A')], undefined))).toEqual(['cb', 'a'])
  })
})

describe('the retrieval debugger', () => {
  const result = (stages: SearchResult['stages']) => ({ stages }) as SearchResult
  it('orders stages as they run', () => {
    expect(stageNames([result({ mmr: { rank: 1, score: 1 }, fusion: { rank: 1, score: 1 }, dense: { rank: 2, score: 1 } })])).toEqual(['dense', 'fusion', 'mmr'])
  })
  it('tells how far a passage moved from its best leg', () => {
    const r = result({ dense: { rank: 5, score: 1 }, keyword: { rank: 3, score: 1 } })
    expect(move(r, 1)).toBe(2)
    expect(move(r, 4)).toBe(-1)
    expect(move(result({}), 1)).toBeNull()
  })
  it('marks words of the question without changing the text', () => {
    const parts = highlight('Refunds are paid. Prefunding is not.', 'refund paid?')
    expect(parts.map(p => p.text).join('')).toBe('Refunds are paid. Prefunding is not.')
    expect(parts.filter(p => p.hit).map(p => p.text)).toEqual(['Refunds', 'paid'])
    expect(highlight('a(b', '(((')).toEqual([{ text: 'a(b', hit: false }])
  })
})

describe('a new knowledge base', () => {
  it('is named after its first file', () => {
    expect(nameOf('return_policy-2024.pdf')).toBe('Return policy 2024')
    expect(nameOf('.env')).toBe('.env')
  })
  it('suggests headings that say something', () => {
    const r = (...h: string[]) => ({ headings: h }) as SearchResult
    expect(headings([r('A', '1.2 Refunds'), r('Introduction'), r('A', 'Refunds'), r()])).toEqual(['Refunds'])
    expect([asked('When refunds are paid'), asked('Delivery costs'), asked('Why?')]).toEqual(['When refunds are paid?', 'Delivery costs', 'Why?'])
  })
})

it('tells what changed word by word', () => {
  expect(words('a b c', 'a x c')).toEqual([{ kind: 'same', text: 'a ' }, { kind: 'gone', text: 'b' }, { kind: 'new', text: 'x' }, { kind: 'same', text: ' c' }])
  expect(words('', 'x')).toEqual([{ kind: 'new', text: 'x' }])
})
