// Elements as values, drawn into the page by place. As much as the panel needs, and no way to write HTML.

type Handler = (event: never) => void
export type Child = VNode | string | number | false | null | undefined | Child[]
export interface Props { ref?: ((element: HTMLElement) => void) | undefined; children?: Child; [name: string]: unknown }
export interface VNode { tag: string; props: Props; children: Child[]; drawn: Node | null; inside: Slot[] }
type Slot = VNode | null

export function h<P extends object>(tag: string | ((props: P) => VNode | null), props: P | null, ...children: Child[]): VNode | null {
  return typeof tag === 'function' ? tag({ ...props, children } as P) : { tag, props: { ...props }, children, drawn: null, inside: [] }
}

/* oxlint-disable typescript/no-namespace -- the place where TypeScript looks for the types of a factory's elements */
export namespace h {
  export namespace JSX {
    export type Element = VNode | null
    export interface ElementChildrenAttribute { children: object }
    export type IntrinsicElements = { [Tag in keyof HTMLElementTagNameMap]: Props & { [Name in keyof GlobalEventHandlersEventMap as `on${Name}`]?: (event: GlobalEventHandlersEventMap[Name] & { currentTarget: HTMLElementTagNameMap[Tag] }) => void } }
  }
}

/** What is not there keeps its place, so that its neighbours keep theirs. A text is a node without a tag. */
const slots = (children: Child[]): Slot[] =>
  children.flat(9).map(child => (child === null || child === undefined || child === false ? null : typeof child === 'object' ? (child as VNode) : { tag: '', props: { text: `${child}` }, children: [], drawn: null, inside: [] }))

const heard = new WeakMap<Node, Record<string, Handler>>()

function set(element: HTMLElement, name: string, value: unknown) {
  if (name.startsWith('on')) {
    const type = name.slice(2)
    const handlers = heard.get(element) ?? {}
    if (!(type in handlers)) element.addEventListener(type, event => handlers[type]?.(event as never))
    handlers[type] = value as Handler
    heard.set(element, handlers)
  } else if (value === null || value === undefined || (value === false && !name.startsWith('aria'))) element.removeAttribute(name)
  else element.setAttribute(name, value === true && !name.startsWith('aria') ? '' : `${value}`)
}

function draw(node: VNode, before: VNode | null) {
  if (node === before) return
  const { tag, props } = node
  const fresh = !before
  const drawn = (node.drawn = before?.drawn ?? (tag ? document.createElement(tag) : document.createTextNode('')))
  if (!tag) {
    if (before?.props.text !== props.text) (drawn as Text).data = `${props.text}`
    return
  }
  const element = drawn as HTMLElement
  const old: Props = before?.props ?? {}
  for (const name of new Set([...Object.keys(old), ...Object.keys(props)])) if (name !== 'ref' && old[name] !== props[name]) set(element, name, props[name])
  node.inside = slots(node.children)
  place(element, before?.inside ?? [], node.inside)
  if (fresh) props.ref?.(element)
}

function place(parent: ParentNode, before: Slot[], after: Slot[]) {
  let last: ChildNode | null = null
  for (let i = 0; i < Math.max(before.length, after.length); i++) {
    const old = before[i]
    const node = after[i]
    const same = old && node && old.tag === node.tag ? old : null
    if (old && !same) (old.drawn as ChildNode).remove()
    if (!node) continue
    draw(node, same)
    // Only what is new is put in: what stands already keeps its focus and its scroll.
    if (!same) parent.insertBefore(node.drawn!, last ? last.nextSibling : parent.firstChild)
    last = node.drawn as ChildNode
  }
}

const drawnIn = new WeakMap<ParentNode, Slot[]>()

/** Makes the inside of a root look as told, changing as little as it can. Nothing but this may change what is inside. */
export function render(root: ParentNode, ...children: Child[]) {
  const after = slots(children)
  place(root, drawnIn.get(root) ?? [], after)
  drawnIn.set(root, after)
}
