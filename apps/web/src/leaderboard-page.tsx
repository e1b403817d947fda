import type { Leaderboard } from '@sweepboard/results'
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { useAddress } from './address.ts'
import { asked } from './api.ts'
import { type BoardFilter, changedRows, viewBoard } from './board-view.ts'
import { Problem } from './frame.tsx'
import { LeaderboardFilters } from './leaderboard-filters.tsx'
import { LeaderboardTable } from './leaderboard-table.tsx'
import { Answer, Cut } from './name.tsx'
import { sentence } from './sentence.ts'

/** The leaderboard. New scores wait behind a chip, so that no row moves while it is being read. */
export function LeaderboardPage() {
  const { params } = useAddress()
  const get = (key: string) => params.get(key) ?? ''
  const [tasks, sweep] = [get('tasks'), get('sweep')]
  const filter: BoardFilter = {
    find: get('find'),
    origin: get('origin'),
    precision: get('precision'),
    dimensions: get('dims'),
  }
  const whole = useQuery(asked.leaderboard('', sweep))
  const { data, error, isPlaceholderData } = useQuery({ ...asked.leaderboard(tasks, sweep), placeholderData: keepPreviousData })
  const { board, state, changed, adopt } = useSteady(isPlaceholderData ? undefined : data, `${tasks} ${sweep}`)
  const hasResources = get('res') === '1'
  const resources = useQuery({ ...asked.boardResources(sweep, state), enabled: hasResources })
  const shown = board ?? data
  if (!shown) return error ? <Problem error={error} /> : <Skeleton />
  const view = viewBoard(shown, filter, resources.data)
  const rows = view.ranked.length + view.incomplete.length
  return (
    <>
      <title>Leaderboard · sweepboard</title>
      <div className="head">
        <div className="grow">
          <h1>
            Leaderboard{' '}
            <span className="t2 dim count">
              {shown.tasks.length} {shown.tasks.length === 1 ? 'task' : 'tasks'} · {rows} of {view.total} rows
              {sweep && ' · one sweep'}
            </span>
          </h1>
          <Answer sentence={sentence(view, tasks)} />
        </div>
        <button type="button" className="btn sm news" disabled={changed === 0} onClick={adopt} aria-live="polite">
          {changed === 0 ? 'Up to date' : `${changed} ${changed === 1 ? 'row' : 'rows'} changed · show`}
        </button>
      </div>
      <Problem error={error ?? resources.error} />
      <LeaderboardFilters board={whole.data ?? shown} filter={filter} tasks={tasks} sweep={sweep} hasResources={hasResources} />
      {view.total === 0 ? (
        <Empty tasks={tasks} />
      ) : (
        <LeaderboardTable
          view={view}
          mainScores={shown.mainScores}
          sweep={sweep}
          sort={get('sort') || '-mean'}
          hasResources={hasResources}
        />
      )}
    </>
  )
}

/** The board as it was when last looked at, its number among those looked at, how many rows changed since, and how to take the new one. */
function useSteady(fresh: Leaderboard | undefined, question: string) {
  const [kept, setKept] = useState<{ question: string; board: Leaderboard; state: number } | null>(null)
  const isNew = fresh !== undefined && (kept?.question !== question || kept.board.rows.length === 0) && kept?.board !== fresh
  const next = (kept?.state ?? 0) + 1
  if (isNew) setKept({ question, board: fresh, state: next })
  const board = isNew ? fresh : kept?.board
  return {
    board,
    state: isNew ? next : (kept?.state ?? 0),
    changed: board && fresh && board !== fresh && kept?.question === question ? changedRows(board, fresh) : 0,
    adopt: () => fresh && setKept({ question, board: fresh, state: next }),
  }
}

function Skeleton() {
  return (
    <div className="card sk-card" role="status" aria-label="Loading">
      {[220, 180, 200, 160].map((width) => (
        <p key={width}>
          <span className="sk" style={{ width }} />
        </p>
      ))}
    </div>
  )
}

function Empty({ tasks }: { tasks: string }) {
  if (tasks !== '')
    return (
      <div className="card empty">
        <h2>No such scores</h2>
        <p>
          Nothing named <Cut text={tasks} className="b" /> has scores here. <b>Clear</b> above shows what has; a sweep that names
          the task adds some.
        </p>
      </div>
    )
  return (
    <div className="card empty">
      <h2>No scores yet</h2>
      <p>Run a sweep, or import published results; the rows appear here as they are scored.</p>
      <pre>npx sweepboard run examples/first-sweep.yaml</pre>
    </div>
  )
}
