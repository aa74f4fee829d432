import { act, cleanup, render } from '@testing-library/react'
import { afterEach, expect, it } from 'vitest'
import { Growing } from './growing'
import { Prose } from './Prose'
import type { Citation } from './turn'

afterEach(cleanup)
const CITATIONS: Citation[] = [1, 2].map(n => ({ n, passageId: 'p', sourceId: 's', title: 'T', url: null, page: null, snippet: 'x', score: 0.5 }))

it('makes chips of announced marks', () => {
  const { container } = render(<Prose text="Yes [1] and [2], not [3]." citations={CITATIONS} />)
  expect([...container.querySelectorAll('.chip')].map(c => c.textContent)).toEqual(['1', '2'])
})

it('grows by what is added: what stands stays the very element', () => {
  const growing = new Growing()
  const { container, rerender } = render(<Prose text="" growing={growing} citations={CITATIONS} />)
  act(() => growing.put('# One\n\nTwo [1]\n\nThr'))
  const [heading, second, third] = [...container.querySelectorAll('h3, p')]
  act(() => growing.put('# One\n\nTwo [1]\n\nThree **and** more\n\nFour'))
  expect([...container.querySelectorAll('h3, p')].slice(0, 3)).toEqual([heading, second, third])
  expect(third?.innerHTML).toBe('Three <strong>and</strong> more')
  rerender(<Prose text={growing.text} citations={CITATIONS} />)
  expect([...container.querySelectorAll('h3, p')]).toHaveLength(4)
  expect(container.querySelector('h3')).toBe(heading)
})

it('shows a text that had begun before anybody looked', () => {
  const growing = new Growing()
  growing.put('Half of it')
  const { container } = render(<Prose text="" growing={growing} citations={[]} />)
  expect(container.textContent).toBe('Half of it')
})

it('listens no longer once it is gone', () => {
  const growing = new Growing()
  const { container, unmount } = render(<Prose text="" growing={growing} citations={[]} />)
  const box = container.firstElementChild!
  unmount()
  growing.put('late')
  expect(box.textContent).toBe('')
})
