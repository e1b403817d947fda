import type { SweepRow } from './api.ts'
import { count } from './format.ts'

const TONES: Readonly<Record<string, string>> = { running: 'run', paused: 'warn', done: 'ok', cancelled: '' }

export function StateTag({ state }: { state: string }) {
  return <span className={`tag ${TONES[state] ?? ''}`}>{state}</span>
}

/** Scored, failed and waiting cells as one bar; hatched while paused. */
export function ProgressBar({ cells, isPaused }: { cells: SweepRow['cells']; isPaused: boolean }) {
  const share = (part: number) => `${cells.total === 0 ? 0 : (100 * part) / cells.total}%`
  return (
    <div
      className={isPaused ? 'prog paused' : 'prog'}
      role="progressbar"
      aria-valuemin={0}
      aria-valuemax={cells.total}
      aria-valuenow={cells.scored}
      aria-label="Cells scored"
    >
      <i className="done" style={{ width: share(cells.scored) }} />
      <i className="failed" style={{ width: share(cells.failed) }} />
    </div>
  )
}

/** The bar's parts in words and numbers. */
export function ProgressLegend({ sweep }: { sweep: SweepRow }) {
  const { cells, chunks } = sweep
  return (
    <p className="legend">
      <span>
        <i className="key done" />
        {count(cells.scored)} scored
      </span>
      <span>
        <i className="key failed" />
        {count(cells.failed)} failed
      </span>
      <span>
        <i className="key waiting" />
        {count(cells.waiting)} waiting
      </span>
      <span className="dim">
        {count(chunks.done)} of {count(chunks.total)} chunks encoded
      </span>
    </p>
  )
}
