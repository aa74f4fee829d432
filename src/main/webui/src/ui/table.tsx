import { useVirtualizer } from '@tanstack/react-virtual'
import { memo, useEffect, useRef, type ReactNode } from 'react'
import { cx } from '@/lib/cx'
import { useKeys } from '@/lib/keys'
import { windowOf } from './window'

export interface Column<T> { key: string; title: string; width: string; phone?: string; cell: (row: T) => ReactNode; align?: 'right'; hideOnPhone?: boolean; hideTitle?: boolean }

/**
 * Rows in columns, of which only the visible ones exist. J and K (or the arrows) move, a click or Enter opens.
 *
 * @param end called when the last rows come into view: there may be more to fetch
 */
export function Table<T>({ label, rows, columns, id, open, onOpen, rowHeight = 44, end }: { label: string; rows: T[]; columns: Column<T>[]; id: (row: T) => string; open?: string | undefined; onOpen?: (row: T) => void; rowHeight?: number; end?: () => void }) {
  const box = useRef<HTMLDivElement>(null)
  /** as many rows as ever stood in the page at once: one that leaves becomes one that comes, and its elements stay */
  const most = useRef(1)
  const virtual = useVirtualizer({ count: rows.length, getScrollElement: () => box.current, estimateSize: () => rowHeight, overscan: 0, rangeExtractor: range => windowOf(range, most) })
  const step = (by: number) => {
    const at = rows.findIndex(row => id(row) === open)
    const next = rows[Math.max(0, Math.min(rows.length - 1, at + by))]
    if (next && onOpen) {
      onOpen(next)
      virtual.scrollToIndex(rows.indexOf(next))
    }
  }
  useKeys({ j: () => step(1), k: () => step(-1) }, Boolean(onOpen))
  const items = virtual.getVirtualItems()
  const last = items.at(-1)?.index ?? 0
  // While it is scrolled no element moves in the page, which would have to be laid out anew for it; then they stand in the order of reading.
  const drawn = virtual.isScrolling ? items.toSorted((a, b) => (a.index % most.current) - (b.index % most.current)) : items
  useEffect(() => { if (end && last >= rows.length - 10) end() }, [end, last, rows.length])
  const grid = columns.map(c => c.width).join(' ')
  const phone = columns.filter(c => !c.hideOnPhone).map(c => c.phone ?? c.width).join(' ')
  return (
    <div role="table" aria-label={label} aria-rowcount={rows.length + 1} className="@container overflow-hidden rounded-8 border border-line bg-surface shadow-low" style={{ ['--grid' as string]: grid, ['--grid-phone' as string]: phone }}>
      <div role="rowgroup" className="border-b border-line bg-bg">
        <div role="row" aria-rowindex={1} className="grid h-9 grid-cols-(--grid-phone) items-center gap-3 px-3 text-12 font-medium text-muted @2xl:grid-cols-(--grid)">
          {columns.map(c => <div role="columnheader" key={c.key} className={cx('truncate', c.align === 'right' && 'text-right', c.hideOnPhone && '@max-2xl:hidden')}>{c.hideTitle ? <span className="sr-only">{c.title}</span> : c.title}</div>)}
        </div>
      </div>
      {/* A scrolled box can be reached by keyboard. */}
      <div ref={box} role="rowgroup" tabIndex={0} className="overflow-y-auto bg-surface contain-strict focus-visible:-outline-offset-2" style={{ height: `min(${virtual.getTotalSize()}px, max(180px, 100dvh - 260px))` }}>
        <div role="presentation" className="relative" style={{ height: virtual.getTotalSize() }}>
          {drawn.map(item => {
            const row = rows[item.index]!
            return <Row key={item.index % most.current} row={row} index={item.index} start={item.start} size={item.size} columns={columns as Column<never>[]} chosen={id(row) === open} last={item.index === rows.length - 1} onOpen={onOpen as ((row: unknown) => void) | undefined} />
          })}
        </div>
      </div>
    </div>
  )
}

interface RowProps { row: unknown; index: number; start: number; size: number; columns: Column<never>[]; chosen: boolean; last: boolean; onOpen: ((row: unknown) => void) | undefined }

/** While a list is scrolled, a row that stays is not drawn again. */
const Row = memo(function Row({ row, index, start, size, columns, chosen, last, onOpen }: RowProps) {
  return (
    <div role="row" aria-rowindex={index + 2} aria-selected={chosen || undefined} onClick={() => onOpen?.(row)}
      className={cx('absolute inset-x-0 grid grid-cols-(--grid-phone) items-center gap-3 px-3 text-13 contain-strict @2xl:grid-cols-(--grid)', !last && 'border-b border-line', onOpen && 'cursor-pointer', chosen ? 'bg-soft' : 'hover:bg-bg')}
      style={{ height: size, transform: `translateY(${start}px)` }}>
      {columns.map(c => <div role="cell" key={c.key} className={cx('min-w-0 truncate', c.align === 'right' && 'figures text-right', c.hideOnPhone && '@max-2xl:hidden')}>{c.cell(row as never)}</div>)}
    </div>
  )
})
