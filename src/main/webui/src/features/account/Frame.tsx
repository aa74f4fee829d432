import { useEffect, type ReactNode } from 'react'

/** The quiet page around everything that happens before somebody is in. It stands from the top: what comes later moves nothing that is there. */
export function Frame({ title, ...rest }: { title: string; text?: ReactNode; children?: ReactNode; foot?: ReactNode }) {
  useEffect(() => { document.title = `${title} · Kvasir` }, [title])
  return <Stand title={title} {...rest} />
}

/** How it looks. */
export function Stand({ title, text, children, foot }: { title: ReactNode; text?: ReactNode; children?: ReactNode; foot?: ReactNode }) {
  return (
    <main className="grid min-h-full content-start justify-items-center px-4 pt-[clamp(40px,14vh,160px)] pb-10">
      <div className="grid w-full max-w-[360px] gap-6">
        <header className="grid justify-items-center gap-3 text-center">
          <img src="/icon.svg" alt="" width={40} height={40} />
          <div><h1 className="text-20 font-semibold">{title}</h1>{text && <p className="mt-1 text-13 text-muted">{text}</p>}</div>
        </header>
        {children}
        {foot && <p className="text-center text-13 text-muted">{foot}</p>}
      </div>
    </main>
  )
}

/** Takes no room while there is nothing to say. */
export const Complaint = ({ text, id }: { text?: string | undefined; id?: string }) => <p id={id} role="alert" className="rounded-8 bg-bad-soft px-3 py-2 text-13 text-bad empty:hidden">{text}</p>
