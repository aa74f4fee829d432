import { LoaderCircle } from 'lucide-react'
import { renderToStaticMarkup } from 'react-dom/server'
import type { Language } from '@/lib/language'
import { buttonLook } from '@/ui/button'
import { Input } from '@/ui/fields'
import { Complaint, Stand } from './Frame'
import { WORDS, type Word } from './words'

/**
 * The login as a page that is whole before a program runs: drawn when the dashboard is built, brought to life by login.ts, which is a
 * hundredth of the dashboard. So a slow phone can be typed into at once, and the dashboard is fetched while one types.
 *
 * @param script and @param styles addresses of what belongs to it
 * @param ahead addresses of what the first room needs
 */
export function loginPage({ language, script, styles, ahead }: { language: Language; script: string; styles: string; ahead: string[] }) {
  const say = (word: Word) => <span data-word={word}>{WORDS[language][word]}</span>
  const entry = (name: 'email' | 'password', complete: string) => (
    <div className="grid content-start gap-1">
      <label htmlFor={name} className="text-13 font-medium">{say(name)}</label>
      <Input id={name} type={name} autoComplete={complete} aria-describedby={`${name}-error`} />
      <p id={`${name}-error`} role="alert" className="text-12 text-bad empty:hidden" />
    </div>
  )
  const elsewhere = 'justify-self-center text-13 text-muted underline underline-offset-2 hover:text-fg'
  return `<!doctype html>${renderToStaticMarkup(
    <html lang={language}>
      <head>
        <meta charSet="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <meta name="robots" content="noindex" />
        <title>{`${WORDS[language].title} · Kvasir`}</title>
        <link rel="icon" href="/icon.svg" type="image/svg+xml" />
        <link rel="stylesheet" href={styles} />
        <script type="module" src={script} />
      </head>
      <body data-ahead={ahead.join(' ')}>
        <div id="root">
          <Stand title={say('title')} text={say('text')} foot={<>{say('new')} <a href="/signup" className="text-accent underline underline-offset-2">{say('signup')}</a></>}>
            <div className="grid gap-4 rounded-12 border border-line bg-surface p-5 shadow-low">
              <Complaint id="complaint" />
              <form className="grid gap-4" method="post" noValidate>
                {entry('email', 'username')}
                {entry('password', 'current-password')}
                <button id="enter" type="submit" className={`${buttonLook('primary')} w-full`}><LoaderCircle size={15} aria-hidden className="hidden shrink-0 animate-spin in-aria-busy:block" />{say('action')}</button>
              </form>
              <a href="/reset" className={elsewhere}>{say('forgot')}</a>
              <div id="providers" hidden className="grid gap-2 border-t border-line pt-4">
                {(['google', 'github'] as const).map(provider => <a key={provider} id={provider} hidden href={`/api/v1/oauth/auth/${provider}`} className={buttonLook('secondary')}>{say(`with_${provider}`)}</a>)}
              </div>
            </div>
            <a id="demo" hidden href="/kb/demo" className={elsewhere}>{say('demo')}</a>
          </Stand>
        </div>
        <noscript>{WORDS[language].script}</noscript>
      </body>
    </html>,
  )}`
}
