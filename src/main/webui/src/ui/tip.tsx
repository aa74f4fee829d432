import { Tooltip } from 'radix-ui'
import type { ReactElement, ReactNode } from 'react'

export const Overlays = ({ children }: { children: ReactNode }) => <Tooltip.Provider delayDuration={400} skipDelayDuration={200}>{children}</Tooltip.Provider>

export const Kbd = ({ children }: { children: ReactNode }) => (
  <kbd className="inline-flex min-w-5 items-center justify-center rounded-4 border border-line bg-raised px-1 font-sans text-11 text-muted">{children}</kbd>
)

export function Tip({ text, keys, children }: { text: string; keys?: string; children: ReactElement }) {
  return (
    <Tooltip.Root>
      <Tooltip.Trigger asChild>{children}</Tooltip.Trigger>
      <Tooltip.Portal>
        <Tooltip.Content sideOffset={6} collisionPadding={8} className="anim-fade z-50 flex items-center gap-1.5 rounded-6 border border-line bg-surface px-2 py-1 text-12 shadow-float">
          {text}
          {keys && <Kbd>{keys}</Kbd>}
        </Tooltip.Content>
      </Tooltip.Portal>
    </Tooltip.Root>
  )
}
