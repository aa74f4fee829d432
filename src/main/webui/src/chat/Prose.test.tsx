import { cleanup, render } from '@testing-library/react'
import { afterEach, describe, expect, it } from 'vitest'
import { blocks } from './blocks'
import Prose from './Prose'

afterEach(cleanup)
const chip = (n: number) => (n <= 2 ? <button type="button" className="chip">{n}</button> : null)
const HOSTILE = [
  '<script>alert(1)</script>', '<img src=x onerror=alert(1)>', '[x](javascript:alert(1))', '![x](https://evil.example/a.png)', '![x][r]\n\n[r]: https://evil.example/a.png', '[x](data:text/html,x)', '<svg/onload=alert(1)>', '[1]: javascript:alert(1)', '<https://ok.example>', '<javascript:alert(1)>',
  '| a | b |\n|---|---|\n| <img src=//evil> | [x](javascript:1) |', '```js\n<script>\n```', '<details open ontoggle=alert(1)>', '<style>*{background:url(//evil)}</style>', '- [ ] <input onfocus=alert(1) autofocus>',
]

describe('prose', () => {
  it('makes chips of announced marks, also where the text defines such labels', () => {
    const { container } = render(<Prose text={'Yes [1] and [2], not [3].\n\n[1]: https://evil.example'} chip={chip} />)
    expect([...container.querySelectorAll('.chip')].map(c => c.textContent)).toEqual(['1', '2'])
    expect(container.querySelector('a')).toBeNull()
  })

  it('leaves marks in code alone', () => {
    const { container } = render(<Prose text={'`a[1]`'} chip={chip} />)
    expect(container.querySelector('code')?.textContent).toBe('a[1]')
  })

  it.each(HOSTILE)('makes nothing dangerous of %s, however far the text has come', text => {
    const whole = `Before ${text} after [1]`
    for (let cut = 0; cut <= whole.length; cut++) {
      const { container, unmount } = render(<Prose text={whole.slice(0, cut)} chip={chip} />)
      expect(container.querySelector('script,img,svg,iframe,style,object,input,details,form')).toBeNull()
      for (const el of container.querySelectorAll('*')) for (const { name, value } of el.attributes) {
        expect(name).not.toMatch(/^on|^src/)
        if (name === 'href') expect(value).toMatch(/^(https?|mailto):/)
      }
      unmount()
    }
  })
})

describe('blocks', () => {
  const text = 'One.\n\n- a\n\n- b\n\n```js\nx\n\ny\n```\n\n1. c\n\n   more\n\nTwo.'

  it('joined are the text, wherever it is cut', () => {
    for (let cut = 0; cut <= text.length; cut++) expect(blocks(text.slice(0, cut)).join('')).toBe(text.slice(0, cut))
  })

  it('keep code and lists whole', () => {
    const all = blocks(text)
    expect(all.some(b => b.includes('x\n\ny'))).toBe(true)
    expect(all.some(b => b.includes('- a\n\n- b'))).toBe(true)
  })

  it('that are complete do not change while text comes', () => {
    const grown = blocks('First.\n\nSecond.\n\nThi')
    expect(blocks('First.\n\nSecond.\n\nThird is longer').slice(0, 2)).toEqual(grown.slice(0, 2))
  })
})
