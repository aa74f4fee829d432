import { Switch as RadixSwitch } from 'radix-ui'
import { useId, type ComponentProps, type ReactNode } from 'react'
import { cx } from '@/lib/cx'

const BOX = 'control w-full rounded-6 border border-edge/60 bg-surface px-2.5 text-14 shadow-low transition-colors hover:border-edge focus-visible:border-accent aria-invalid:border-bad disabled:opacity-60'

/** A label, the control it names, and what there is to say about it. */
export function Field({ label, hint, error, children, className }: { label: string; hint?: ReactNode; error?: string | undefined; className?: string; children: (bind: { id: string; 'aria-describedby'?: string; 'aria-invalid'?: true }) => ReactNode }) {
  const id = useId()
  const about = [hint && `${id}-hint`, error && `${id}-error`].filter(Boolean).join(' ')
  return (
    <div className={cx('grid content-start gap-1', className)}>
      <label htmlFor={id} className="text-13 font-medium">{label}</label>
      {children({ id, ...(about && { 'aria-describedby': about }), ...(error && { 'aria-invalid': true as const }) })}
      {error && <p id={`${id}-error`} role="alert" className="text-12 text-bad">{error}</p>}
      {hint && <p id={`${id}-hint`} className="text-12 text-muted">{hint}</p>}
    </div>
  )
}

export const Input = ({ className, ...rest }: ComponentProps<'input'>) => <input className={cx(BOX, className)} {...rest} />

export const Textarea = ({ className, ...rest }: ComponentProps<'textarea'>) => <textarea className={cx(BOX, 'py-1.5 leading-normal', className)} {...rest} />

export const Select = ({ className, children, ...rest }: ComponentProps<'select'>) => (
  <select className={cx(BOX, 'appearance-none bg-[length:14px] bg-[right_8px_center] bg-no-repeat pr-8 chevron', className)} {...rest}>{children}</select>
)

export function Switch({ label, hint, checked, onChange, disabled }: { label: string; hint?: string; checked: boolean; onChange: (on: boolean) => void; disabled?: boolean }) {
  const id = useId()
  return (
    <div className="flex items-start justify-between gap-4">
      <div className="min-w-0">
        <label htmlFor={id} className="text-13 font-medium">{label}</label>
        {hint && <p id={`${id}-hint`} className="text-12 text-muted">{hint}</p>}
      </div>
      <RadixSwitch.Root id={id} checked={checked} onCheckedChange={onChange} disabled={disabled ?? false} {...(hint && { 'aria-describedby': `${id}-hint` })}
        className="relative mt-0.5 h-6 w-10 shrink-0 rounded-12 border border-edge bg-raised transition-colors data-[state=checked]:border-accent data-[state=checked]:bg-accent disabled:opacity-50">
        <RadixSwitch.Thumb className="block size-4 translate-x-[3px] rounded-12 bg-edge transition-transform data-[state=checked]:translate-x-[19px] data-[state=checked]:bg-on-accent" />
      </RadixSwitch.Root>
    </div>
  )
}

export function Range({ value, shown, ...rest }: ComponentProps<'input'> & { value: number; shown: string }) {
  return (
    <div className="flex items-center gap-3">
      <input type="range" value={value} className="h-6 w-full accent-accent" {...rest} />
      <output className="figures w-14 shrink-0 text-right text-13 text-muted">{shown}</output>
    </div>
  )
}

/** One of a few, all visible. */
export function Segments<T extends string>({ label, value, options, onChange }: { label: string; value: T; options: { value: T; text: string }[]; onChange: (value: T) => void }) {
  const name = useId()
  return (
    <fieldset className="inline-flex max-w-full overflow-x-auto rounded-6 border border-line bg-raised p-0.5">
      <legend className="sr-only">{label}</legend>
      {options.map(option => (
        <label key={option.value} className="relative inline-flex min-h-7 items-center rounded-4 px-2.5 text-13 whitespace-nowrap text-muted transition-colors hover:text-fg has-checked:bg-surface has-checked:font-medium has-checked:text-fg has-checked:shadow-low has-focus-visible:outline-2 has-focus-visible:outline-accent pointer-coarse:min-h-9">
          <input type="radio" name={name} value={option.value} checked={option.value === value} onChange={() => onChange(option.value)} className="sr-only" />
          {option.text}
        </label>
      ))}
    </fieldset>
  )
}
