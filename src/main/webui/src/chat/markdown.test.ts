import { describe, expect, it } from 'vitest'
import { blocks } from './blocks'
import { h, render } from './dom'
import { Prose, markdown, safe } from './markdown'

const mark = (n: number) => (n <= 2 ? h('button', { class: 'mark' }, n) : null)
const draw = (text: string) => {
  const box = document.createElement('div')
  render(box, h('div', null, markdown(text, mark)))
  return box
}
/** Without what only holds parts together. */
const bare = (box: Element) => box.innerHTML.replace(/<\/?div[^>]*>/g, '')
const ALLOWED = new Set(['DIV', 'P', 'STRONG', 'EM', 'CODE', 'PRE', 'UL', 'OL', 'LI', 'H3', 'A', 'BUTTON', 'BR', 'HR', 'DEL', 'BLOCKQUOTE', 'TABLE', 'THEAD', 'TBODY', 'TR', 'TH', 'TD'])
const HOSTILE = [
  '<script>alert(1)</script>', '<img src=x onerror=alert(1)>', '[x](javascript:alert(1))', '[x](JaVaScRiPt:alert(1))', '[x](data:text/html,<script>alert(1)</script>)', '![x](https://evil.example/a.png)', '<svg onload=alert(1)>',
  '[x](https://evil.example/" onmouseover="alert(1))', '**<b onclick=alert(1)>x</b>**', '```html\n<iframe src=//evil.example>\n```', '[1]: javascript:alert(1)\n[x][1]', '`<script>`', '# <img src=//evil.example>', '[9]', '[x](vbscript:x)', '<a href="javascript:x">y</a>', '- <object data=//evil>', '[x](//evil.example)',
  '![x][r]\n\n[r]: https://evil.example/a.png', '<https://ok.example> <javascript:alert(1)>', '| a | b |\n|---|---|\n| <img src=//evil> | [x](javascript:1) |', '<details open ontoggle=alert(1)>', '<style>*{background:url(//evil)}</style>', '- [ ] <input onfocus=alert(1) autofocus>', '> <form action=//evil><button>', '[a [b](javascript:1)](https://ok.example/)', '[https://a.example](https://b.example)', 'https://ok.example/"onmouseover=alert(1)', '\\<b>\\[x\\](javascript:1)',
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

  it.each([
    ['a *b* _c_ **d** __e__ ***f*** ~~g~~', '<p>a <em>b</em> <em>c</em> <strong>d</strong> <strong>e</strong> <strong><em>f</em></strong> <del>g</del></p>'],
    ['snake_case_name and 2 * 3 * 4 and a*b', '<p>snake_case_name and 2 * 3 * 4 and a*b</p>'],
    ['**bold with *slant* inside**', '<p><strong>bold with <em>slant</em> inside</strong></p>'],
    ['`a` `` b`c `` `**d**` `e[1]`', '<p><code>a</code> <code>b`c</code> <code>**d**</code> <code>e[1]</code></p>'],
    [String.raw`\*no\* \[1\] \# a`, '<p>*no* [1] # a</p>'],
    ['one  \ntwo\\\nthree\nfour', '<p>one<br>two<br>three\nfour</p>'],
    ['## Two ##\n### Three\n#no', '<h3>Two</h3><h3>Three</h3><p>#no</p>'],
    ['Title\n=====\nText\n---\nEnd', '<h3>Title</h3><h3>Text</h3><p>End</p>'],
    ['a\n\n---\n\n* * *\n\nb', '<p>a</p><hr><hr><p>b</p>'],
    ['> one\n> two\n>\n> - x', '<blockquote><p>one\ntwo</p><ul><li>x</li></ul></blockquote>'],
    ['- a\n  - b\n    - c\n- d', '<ul><li>a<ul><li>b<ul><li>c</li></ul></li></ul></li><li>d</li></ul>'],
    ['1. a\n   - b\n2. c', '<ol><li>a<ul><li>b</li></ul></li><li>c</li></ol>'],
    ['1. a\n\n   more\n\n2. b', '<ol><li><p>a</p><p>more</p></li><li><p>b</p></li></ol>'],
    ['3) a\n4) b', '<ol start="3"><li>a</li><li>b</li></ol>'],
    ['- a\n+ b\n1. c', '<ul><li>a</li></ul><ul><li>b</li></ul><ol><li>c</li></ol>'],
    ['Text:\n- a\nstill a\n\nend', '<p>Text:</p><ul><li>a\nstill a</li></ul><p>end</p>'],
    ['- a\n\n  ```js\n  x\n  ```', '<ul><li><p>a</p><pre tabindex="0"><code>x</code></pre></li></ul>'],
    ['~~~\n```\n~~~\nb', '<pre tabindex="0"><code>```</code></pre><p>b</p>'],
    ['    one\n      two\n\nb', '<pre tabindex="0"><code>one\n  two</code></pre><p>b</p>'],
    ['| a | b |\n|:-:|--:|\n| 1 | **2** |\n| 3 |', '<table tabindex="0"><thead><tr><th align="center">a</th><th align="right">b</th></tr></thead><tbody><tr><td align="center">1</td><td align="right"><strong>2</strong></td></tr><tr><td align="center">3</td><td align="right"></td></tr></tbody></table>'],
    [String.raw`a \| b | c` + '\n---|---\n1 | 2\n\nend', '<table tabindex="0"><thead><tr><th>a | b</th><th>c</th></tr></thead><tbody><tr><td>1</td><td>2</td></tr></tbody></table><p>end</p>'],
    ['a | b\nc', '<p>a | b\nc</p>'],
    ['![a cat](https://x.example/c.png) [2](https://x.example)', '<p>a cat <a href="https://x.example/" target="_blank" rel="noopener noreferrer nofollow">2</a></p>'],
    ['[https://a.example](https://b.example)', '<p><a href="https://b.example/" target="_blank" rel="noopener noreferrer nofollow">https://a.example</a></p>'],
    ['(see https://x.example/a_(b), ok)', '<p>(see <a href="https://x.example/a_(b)" target="_blank" rel="noopener noreferrer nofollow">https://x.example/a_(b)</a>, ok)</p>'],
    ['(https://x.example/a).', '<p>(<a href="https://x.example/a" target="_blank" rel="noopener noreferrer nofollow">https://x.example/a</a>).</p>'],
    ['https://x.example/a_(b))!', '<p><a href="https://x.example/a_(b)" target="_blank" rel="noopener noreferrer nofollow">https://x.example/a_(b)</a>)!</p>'],
    ['<mailto:a@b.example> <not>', '<p><a href="mailto:a@b.example" target="_blank" rel="noopener noreferrer nofollow">a@b.example</a> &lt;not&gt;</p>'],
    ['**[1]** [2](#x) [[1]]', '<p><strong><button class="mark">1</button></strong> [2](#x) [<button class="mark">1</button>]</p>'],
  ])('reads %j as people mean it', (text, html) => {
    expect(draw(text).firstElementChild!.innerHTML).toBe(html)
  })

  it('reads on where it was, and gets to the same, whatever was added', () => {
    const text = '# A\n\nOne **two** [1]\nthree\n\n- a\n\n- b\n  - c\n\n```js\nx\n\ny\n```\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n> q\n\n1. c\n\n   more\n\nTwo.\n---\nend'
    for (const step of [1, 2, 3, 7, 19]) {
      const box = document.createElement('div')
      const prose = new Prose(mark)
      for (let at = step; at < text.length + step; at += step) {
        render(box, h('div', null, prose.of(text.slice(0, at))))
        expect(bare(box)).toBe(bare(draw(text.slice(0, at))))
      }
    }
  })

  it('leaves what stands to itself, group by group', () => {
    const box = document.createElement('div')
    const prose = new Prose(mark)
    const paragraphs = (n: number) => Array.from({ length: n }, (_, i) => `Number ${i}.`).join('\n\n')
    render(box, ...prose.of(paragraphs(20)))
    const [first, second] = box.children
    const before = prose.of(paragraphs(20))
    const after = prose.of(paragraphs(23))
    expect(after.slice(0, 2)).toEqual(before.slice(0, 2))
    expect(after[0]).toBe(before[0])
    render(box, ...after)
    expect([...box.children].map(group => group.children.length)).toEqual([8, 8, 7])
    expect(box.children[0]).toBe(first)
    expect(box.children[1]).toBe(second)
  })

  it('reads another text from its beginning', () => {
    const box = document.createElement('div')
    const prose = new Prose(mark)
    for (const text of ['One.\n\nTwo.\n\nThree.\n\nFour.', 'Other.\n\nTwo.\n\nThree.\n\nFour.\n\nFive.', 'Short.']) {
      render(box, h('div', null, prose.of(text)))
      expect(bare(box)).toBe(bare(draw(text)))
    }
  })

  it('goes no deeper than people read', () => {
    const deepest = (text: string) => {
      let depth = 0
      for (let el: Element | null = draw(text).firstElementChild!; el; el = el.firstElementChild) depth++
      return depth
    }
    for (const text of ['>'.repeat(50_000), '- '.repeat(50_000), '1. '.repeat(20_000)]) expect(deepest(`${text}x`)).toBeLessThan(25)
  })

  it('is quick with long runs of marks that never close', () => {
    const begun = performance.now()
    draw('['.repeat(20_000) + '*'.repeat(20_000) + '`'.repeat(20_001))
    for (const part of ['*a ', '**a ', '_a ', '__a ', '~~a ', '`a ', '[a](', '![', '<https:a ', '\\\\', 'a|']) draw(part.repeat(5000))
    expect(performance.now() - begun).toBeLessThan(10_000)
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
})
