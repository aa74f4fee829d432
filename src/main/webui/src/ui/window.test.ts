import { expect, it } from 'vitest'
import { windowOf } from './window'

const range = (startIndex: number, endIndex: number, count = 10_000) => ({ startIndex, endIndex, count, overscan: 0 })

it('shows as many rows wherever one is, and each is another one’s successor', () => {
  const most = { current: 1 }
  windowOf(range(0, 13), most)
  for (let at = 0; at < 9_990; at += 7) {
    const rows = windowOf(range(at, Math.min(9_999, at + 12 + (at % 2))), most)
    expect(rows).toHaveLength(26)
    expect(rows[0]).toBeGreaterThanOrEqual(0)
    expect(rows.at(-1)).toBeLessThan(10_000)
    for (let seen = at; seen <= Math.min(9_999, at + 12); seen++) expect(rows).toContain(seen)
    expect(new Set(rows.map(row => row % most.current)).size).toBe(26)
  }
})

it('shows a short list whole', () => {
  const most = { current: 1 }
  expect(windowOf(range(0, 2, 3), most)).toEqual([0, 1, 2])
  expect(windowOf(range(0, 0, 0), most)).toEqual([])
})

it('grows with the window and shrinks with the list', () => {
  const most = { current: 1 }
  expect(windowOf(range(0, 9), most)).toHaveLength(22)
  expect(windowOf(range(100, 129), most)).toHaveLength(42)
  expect(windowOf(range(0, 4, 5), most)).toEqual([0, 1, 2, 3, 4])
})
