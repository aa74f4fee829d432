import { CircleAlert, RotateCcw, ThumbsDown, ThumbsUp } from 'lucide-react'
import { memo } from 'react'
import { useTranslation } from 'react-i18next'
import { Button } from '@/ui/button'
import { IconButton } from '@/ui/iconButton'
import { CopyButton } from '@/ui/bits'
import { cx } from '@/lib/cx'
import { ms, number } from '@/lib/format'
import type { Growing } from './growing'
import { Prose } from './Prose'
import { Sources, type OpenSource } from './Sources'
import { cited, type Turn } from './turn'

/** @param growing its text while it is written; what `turn` says of it may be older */
export const Answer = memo(function Answer({ turn, growing, openSource, onAgain, onRate, detailed = false }: { turn: Turn; growing?: Growing | undefined; openSource: OpenSource; onAgain?: (question: string) => void; onRate?: (messageId: string, rating: 'up' | 'down') => void; detailed?: boolean }) {
  const { t } = useTranslation()
  const sources = turn.over ? cited(turn) : []
  return (
    <article aria-busy={!turn.over} className="space-y-4">
      <p className="ml-auto w-fit max-w-[85%] rounded-12 rounded-br-4 bg-soft px-3.5 py-2 whitespace-pre-wrap">{turn.question}</p>
      <Sources citations={turn.citations} openSource={openSource} className="min-w-0">
        {!turn.over && (
          <p className="mb-1.5 flex items-center gap-2 text-12 text-muted">
            <span className="anim-beat size-1.5 rounded-12 bg-accent" aria-hidden />
            {turn.away ? t('chat.away') : turn.stage === 'searching' ? t('chat.searching') : t('chat.writing', { count: turn.citations.length })}
          </p>
        )}
        <Prose text={turn.text} growing={growing} citations={turn.citations} />
        {turn.failure !== null && <p role="alert" className="mt-2 flex items-start gap-1.5 text-13 text-bad"><CircleAlert size={15} aria-hidden className="mt-0.5 shrink-0" />{t('chat.failed', { why: turn.failure })}</p>}
        {turn.stopped && <p className="mt-2 text-13 text-muted">{t('chat.stopped')}</p>}
        {sources.length > 0 && (
          <ul className="mt-3 flex flex-wrap gap-1.5" aria-label={t('chat.sources')}>
            {sources.map(c => (
              <li key={c.n} className="max-w-full">
                <button type="button" data-cite={c.n} aria-haspopup="dialog" className="flex min-h-7 max-w-full items-center gap-1.5 rounded-6 border border-line bg-surface px-2 text-12 text-muted shadow-low transition-colors hover:border-edge hover:text-fg pointer-coarse:min-h-9">
                  <span className="figures font-semibold text-accent">{c.n}</span>
                  <span className="truncate">{c.title}{c.page !== null && `, ${t('chat.page', { n: c.page })}`}</span>
                </button>
              </li>
            ))}
          </ul>
        )}
        {turn.over && (
          <div className="mt-1.5 -ml-2 flex flex-wrap items-center gap-0.5 text-12 text-muted">
            {turn.text && <CopyButton text={turn.text} />}
            {turn.text && onRate && turn.messageId && (['up', 'down'] as const).map(rating => (
              <IconButton key={rating} label={t(rating === 'up' ? 'chat.helpful' : 'chat.unhelpful')} icon={rating === 'up' ? ThumbsUp : ThumbsDown} aria-pressed={turn.feedback === rating}
                onClick={() => onRate(turn.messageId!, rating)} className={cx(turn.feedback === rating && 'bg-soft text-accent')} />
            ))}
            {onAgain && (turn.failure !== null || turn.stopped) && <Button variant="quiet" icon={RotateCcw} onClick={() => onAgain(turn.question)}>{t('chat.again')}</Button>}
            {detailed && turn.usage && (
              <span className="figures ml-auto px-2">
                {turn.usage.model} · {t('chat.tokens', { count: turn.usage.promptTokens + turn.usage.completionTokens, value: number(turn.usage.promptTokens + turn.usage.completionTokens) })}
                {turn.timings && <> · {ms(turn.timings.totalMs)}</>}
              </span>
            )}
          </div>
        )}
      </Sources>
    </article>
  )
})
