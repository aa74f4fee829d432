import { expect, it } from 'vitest'
import { h, render } from '@/chat/dom'

const box = () => document.body.appendChild(document.createElement('div'))

it('changes what changed and keeps the elements that stand', () => {
  const root = box()
  const view = (n: number, more: boolean) => <section class={`s${n}`}>{more && <b>new</b>}<input aria-label="kept" /><i>{n}</i></section>
  render(root, view(1, false))
  const input = root.querySelector('input')!
  input.focus()
  render(root, view(2, true))
  expect(root.innerHTML).toBe('<section class="s2"><b>new</b><input aria-label="kept"><i>2</i></section>')
  expect(document.activeElement).toBe(input)
  render(root, view(3, false))
  expect(root.innerHTML).toBe('<section class="s3"><input aria-label="kept"><i>3</i></section>')
  expect(root.querySelector('input')).toBe(input)
  render(root)
  expect(root.innerHTML).toBe('')
})

it('grows and shrinks lists, and puts an element of another kind in the right place', () => {
  const root = box()
  const view = (items: string[], strong: boolean) => <ul>{items.map(t => <li>{t}</li>)}{strong ? <li><b>end</b></li> : 'end'}</ul>
  render(root, view(['a'], false))
  render(root, view(['a', 'b', 'c'], true))
  expect(root.innerHTML).toBe('<ul><li>a</li><li>b</li><li>c</li><li><b>end</b></li></ul>')
  render(root, view([], false))
  expect(root.innerHTML).toBe('<ul>end</ul>')
})

it('calls the handler told last, once, and none that was taken away', () => {
  const root = box()
  const heard: string[] = []
  const view = (name?: string) => <button type="button" onclick={name === undefined ? undefined : () => heard.push(name)}>x</button>
  for (const name of ['a', 'b']) render(root, view(name))
  root.querySelector('button')!.click()
  render(root, view())
  root.querySelector('button')!.click()
  expect(heard).toEqual(['b'])
})

it('tells states of ARIA as words and other switches by being there', () => {
  const root = box()
  render(root, <button type="button" disabled={true} aria-pressed={false} title={undefined}>x</button>)
  expect(root.innerHTML).toBe('<button type="button" disabled="" aria-pressed="false">x</button>')
  render(root, <button type="button" disabled={false} aria-pressed={true}>x</button>)
  expect(root.innerHTML).toBe('<button type="button" aria-pressed="true">x</button>')
})

it('hands an element out once, when it is new', () => {
  const root = box()
  let times = 0
  for (let i = 0; i < 3; i++) render(root, <p ref={() => times++}>{i}</p>)
  expect(times).toBe(1)
})

it('leaves alone what is the very same as before', () => {
  const root = box()
  const same = <p>kept</p>
  render(root, <div>{same}</div>)
  root.querySelector('p')!.append(' by hand')
  render(root, <div>{same}</div>)
  expect(root.textContent).toBe('kept by hand')
})

it('makes text of whatever looks like HTML', () => {
  const root = box()
  render(root, <p class={'"><img src=x>'}>{'<img src=x onerror=alert(1)>'}</p>)
  expect(root.querySelectorAll('*')).toHaveLength(1)
})
