import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import en from '@/i18n/en.json'
import es from '@/i18n/es.json'

const flat = (texts: object, prefix = ''): [string, string][] => Object.entries(texts).flatMap(([key, value]) => (typeof value === 'string' ? [[prefix + key, value] as [string, string]] : flat(value as object, `${prefix}${key}.`)))
const english = new Map(flat(en))
const spanish = new Map(flat(es))

describe('the texts', () => {
  it('say the same things in both languages, with the same places to fill', () => {
    expect([...spanish.keys()].sort()).toEqual([...english.keys()].sort())
    const places = (text: string) => [...text.matchAll(/\{\{(\w+)\}\}/g)].map(m => m[1]).sort()
    for (const [key, text] of english) expect(places(spanish.get(key)!), key).toEqual(places(text))
  })

  it('hold every key the screens name', () => {
    const files = (folder: string): string[] => readdirSync(folder, { withFileTypes: true }).flatMap(e => (e.isDirectory() ? files(join(folder, e.name)) : /\.tsx?$/.test(e.name) && !e.name.includes('.test.') ? [join(folder, e.name)] : []))
    for (const file of files('src')) for (const [, key] of readFileSync(file, 'utf8').matchAll(/\bt\('([\w.]+)'/g)) expect(english.has(key!) || english.has(`${key}_other`), `${file}: ${key}`).toBe(true)
  })
})
