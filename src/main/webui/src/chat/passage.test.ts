import { expect, it } from 'vitest'
import { passageLink } from './passage'

it('leads to the words on the page', () => {
  expect(passageLink('https://a.example/p', 'Refunds are paid')).toBe('https://a.example/p#:~:text=Refunds%20are%20paid')
  expect(passageLink('https://a.example/p#x', 'a-b')).toBe('https://a.example/p#x:~:text=a%2Db')
})
it('names beginning and end of a long passage', () => {
  expect(passageLink('https://a.example/', 'a b c d e f g h i j k l…')).toBe('https://a.example/#:~:text=a%20b%20c%20d%20e,h%20i%20j%20k%20l')
})
it('opens nothing but web pages', () => {
  for (const url of ['javascript:alert(1)', 'data:text/html,x', 'file:///x', 'nothing']) expect(passageLink(url, 'x')).toBeNull()
})
