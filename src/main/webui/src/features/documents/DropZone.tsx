import { FileUp } from 'lucide-react'
import { useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { cx } from '@/lib/cx'

/** Files by drop, by a click or by the keyboard. */
export function DropZone({ onFiles, title, text, size = 'small', busy = false }: { onFiles: (files: File[]) => void; title: string; text?: string; size?: 'small' | 'large'; busy?: boolean }) {
  const { t } = useTranslation()
  const [over, setOver] = useState(false)
  const input = useRef<HTMLInputElement>(null)
  const take = (list: FileList | null) => {
    const files = [...(list ?? [])]
    if (files.length) onFiles(files)
  }
  return (
    <div
      onDragOver={event => {
        if (!event.dataTransfer.types.includes('Files')) return
        event.preventDefault()
        setOver(true)
      }}
      onDragLeave={event => { if (!event.currentTarget.contains(event.relatedTarget as Node | null)) setOver(false) }}
      onDrop={event => {
        event.preventDefault()
        setOver(false)
        if (!busy) take(event.dataTransfer.files)
      }}
      className={cx('relative rounded-12 border border-dashed transition-colors', over ? 'border-accent bg-soft' : 'border-edge/70 bg-surface hover:border-edge hover:bg-raised')}>
      <button type="button" disabled={busy} onClick={() => input.current?.click()} className={cx('flex w-full items-center gap-3 rounded-12 disabled:opacity-60', size === 'large' ? 'flex-col justify-center px-6 py-12 text-center' : 'px-4 py-3 text-left')}>
        <span className={cx('grid shrink-0 place-items-center rounded-8 bg-soft text-accent', size === 'large' ? 'size-11' : 'size-8')}><FileUp size={size === 'large' ? 22 : 16} aria-hidden /></span>
        <span className="grid min-w-0 gap-0.5">
          <span className={cx('font-semibold', size === 'large' ? 'text-16' : 'text-13')}>{title}</span>
          <span className="text-13 text-muted">{text ?? t('documents.kinds')}</span>
        </span>
      </button>
      <input ref={input} type="file" multiple tabIndex={-1} aria-hidden className="sr-only" onChange={event => {
        take(event.target.files)
        event.target.value = ''
      }} />
    </div>
  )
}
