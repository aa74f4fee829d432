import { memo, useMemo, type ReactNode } from 'react'
import Markdown, { type Components } from 'react-markdown'
import rehypeSanitize, { defaultSchema, type Options } from 'rehype-sanitize'
import remarkGfm from 'remark-gfm'
import { blocks } from './blocks'

interface Node { type: string; value?: string; url?: string; label?: string; children?: Node[]; [key: string]: unknown }

/** Marks such as `[1]` become links to `#cite-1`; definitions of such labels mean nothing. */
function citationMarks() {
  const walk = (node: Node) => {
    if (!node.children || node.type === 'link' || node.type === 'inlineCode') return
    node.children = node.children.flatMap(child => {
      if (child.type === 'definition') return []
      if (child.type === 'linkReference' && /^\d{1,3}$/.test(child.label ?? '')) return [mark(child.label!)]
      if (child.type === 'text') return split(child.value ?? '')
      walk(child)
      return [child]
    })
  }
  return (tree: Node) => walk(tree)
}

const mark = (n: string): Node => ({ type: 'link', url: `#cite-${n}`, children: [{ type: 'text', value: n }] })

const split = (text: string): Node[] =>
  text.split(/(\[\d{1,3}\])/).filter(Boolean).map(part => (/^\[\d{1,3}\]$/.test(part) ? mark(part.slice(1, -1)) : { type: 'text', value: part }))

/** No raw HTML (react-markdown makes none), no pictures, links to the web and to mail only. */
const SCHEMA: Options = {
  ...defaultSchema,
  tagNames: (defaultSchema.tagNames ?? []).filter(name => !['img', 'picture', 'source', 'input', 'details', 'summary'].includes(name)),
  protocols: { href: ['http', 'https', 'mailto'] },
  attributes: { a: ['href'], code: [['className', /^language-[\w-]{1,20}$/]], th: ['align'], td: ['align'], ol: ['start'] },
}

const Block = memo(function Block({ text, components }: { text: string; components: Components }) {
  return <Markdown remarkPlugins={[remarkGfm, citationMarks]} rehypePlugins={[[rehypeSanitize, SCHEMA]]} components={components}>{text}</Markdown>
})

/** @param chip draws a citation; null where the number was never announced */
export default function Prose({ text, chip }: { text: string; chip: (n: number) => ReactNode }) {
  const components = useMemo<Components>(() => ({
    a({ href, children }) {
      const cite = /^#cite-(\d{1,3})$/.exec(href ?? '')
      if (cite) return chip(Number(cite[1]))
      return href && /^(https?|mailto):/i.test(href) ? <a href={href} target="_blank" rel="noopener noreferrer nofollow">{children}</a> : <>{children}</>
    },
    pre: ({ children }) => <pre tabIndex={0}>{children}</pre>,
    table: ({ children }) => <table tabIndex={0}>{children}</table>,
    h1: ({ children }) => <h3>{children}</h3>,
    h2: ({ children }) => <h3>{children}</h3>,
    h4: ({ children }) => <h3>{children}</h3>,
  }), [chip])
  return <div className="prose-answer">{blocks(text).map((block, i) => <Block key={i} text={block} components={components} />)}</div>
}
