import { describe, expect, it } from 'vitest'
import { h, render } from './dom'
import { markdown, safe } from './markdown'

const mark = (n: number) => (n <= 2 ? <button class="mark">{n}</button> : null)
const draw = (text: string) => {
  const box = document.createElement('div')
  render(box, <div>{markdown(text, mark)}</div>)
  return box
}
const ALLOWED = new Set(['DIV', 'P', 'STRONG', 'EM', 'CODE', 'PRE', 'UL', 'OL', 'LI', 'H3', 'A', 'BUTTON'])
const HOSTILE = [
  '<script>alert(1)</script>', '<img src=x onerror=alert(1)>', '[x](javascript:alert(1))', '[x](JaVaScRiPt:alert(1))', '[x](data:text/html,<script>alert(1)</script>)', '![x](https://evil.example/a.png)', '<svg onload=alert(1)>',
  '[x](https://evil.example/" onmouseover="alert(1))', '**<b onclick=alert(1)>x</b>**', '```html\n<iframe src=//evil.example>\n```', '[1]: javascript:alert(1)\n[x][1]', '`<script>`', '# <img src=//evil.example>', '[9]', '[x](vbscript:x)', '<a href="javascript:x">y</a>', '- <object data=//evil>', '[x](//evil.example)',
]

describe('markdown', () => {
  it('knows paragraphs, lists, headings, code, emphasis and links', () => {
    const box = draw('# Title\n\nOne **two** *three* `four`.\n\n- a\n- b\n\n1. c\n\n```\n<x>\n```\n\n[k](https://kvasir.example/a?b=1)')
    expect(box.querySelector('h3')?.textContent).toBe('Title')
    expect([...box.querySelectorAll('li')].map(l => l.textContent)).toEqual(['a', 'b', 'c'])
    expect(box.querySelector('pre')?.textContent).toBe('<x>')
    expect(box.querySelector('a')?.getAttribute('rel')).toContain('noopener')
    expect(box.querySelector('strong')?.textContent).toBe('two')
  })

  it('makes chips of announced marks only', () => {
    const box = draw('Yes [1][2], no [3].')
    expect([...box.querySelectorAll('.mark')].map(b => b.textContent)).toEqual(['1', '2'])
    expect(box.textContent).toBe('Yes 12, no .')
  })

  it.each(HOSTILE)('makes nothing dangerous of %s, however far the text has come', text => {
    const wrapped = `Before ${text}\n\nafter [1] **x`
    for (let cut = 0; cut <= wrapped.length; cut++) {
      const box = draw(wrapped.slice(0, cut))
      for (const el of box.querySelectorAll('*')) {
        expect(ALLOWED.has(el.tagName), el.outerHTML).toBe(true)
        for (const { name, value } of el.attributes) {
          expect(name).not.toMatch(/^on|^style$|^src/)
          if (name === 'href') expect(value).toMatch(/^(https?|mailto):/)
        }
      }
    }
  })

  it('opens pages and mail, nothing else', () => {
    expect(safe('https://a.example/')).toBe('https://a.example/')
    expect(safe('mailto:a@b.example')).toBe('mailto:a@b.example')
    for (const address of ['javascript:1', ' javascript:1', 'java\nscript:1', 'file:///etc/passwd', 'blob:https://x', '/login', '//x', '']) expect(safe(address), address).toBeNull()
  })

  it('is quick with long runs of marks that never close', () => {
    const begun = performance.now()
    draw('['.repeat(20_000) + '*'.repeat(20_000) + '`'.repeat(20_001))
    expect(performance.now() - begun).toBeLessThan(1500)
  })
})
