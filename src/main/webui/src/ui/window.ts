import type { Range } from '@tanstack/react-virtual'

/** Rows there are beyond what is seen, at either end: what a hand on the wheel moves between two frames. */
const BEYOND = 6

/**
 * What is seen and a little beyond, always as much at once, so that rows need only change places.
 *
 * @param most the most that was ever asked for, which grows
 */
export function windowOf({ startIndex, endIndex, count }: Range, most: { current: number }): number[] {
  most.current = Math.max(most.current, Math.min(count, endIndex - startIndex + 1 + 2 * BEYOND))
  const length = Math.min(count, most.current)
  const first = Math.max(0, Math.min(startIndex - BEYOND, count - length))
  return Array.from({ length }, (_, i) => first + i)
}
