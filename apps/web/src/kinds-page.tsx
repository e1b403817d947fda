import { useQuery } from '@tanstack/react-query'
import { useAddress } from './address.ts'
import { asked } from './api.ts'
import { Problem } from './frame.tsx'
import { kindSentence } from './kind-view.ts'
import { KindsTable } from './kinds-table.tsx'
import { Choice } from './leaderboard-filters.tsx'
import { Answer } from './name.tsx'

/** Accuracy by kind of query, for tasks that have kinds: one row a scored cell, one column a kind. */
export function KindsPage() {
  const { params } = useAddress()
  const names = useQuery(asked.kindTasks())
  const task = params.get('task') || names.data?.[0] || ''
  const { data: board, error } = useQuery(asked.kinds(task, params.get('sweep') ?? ''))
  const cutoffs = (board?.cutoffs ?? [1]).map(String)
  const at = Math.max(0, cutoffs.indexOf(params.get('k') ?? ''))
  return (
    <>
      <title>Kinds · sweepboard</title>
      <div className="head">
        <div className="grow">
          <h1>Results by kind of query</h1>
          {board && <Answer sentence={kindSentence(board, at)} />}
        </div>
      </div>
      <Problem error={names.error ?? error} />
      {names.data?.length === 0 && task === '' && (
        <div className="card empty">
          <h2>No task with kinds yet</h2>
          <p>Tasks whose queries name a kind, such as the semantic traps shipped here, appear once a model is scored on them.</p>
          <pre>npx sweepboard run examples/first-sweep.yaml</pre>
        </div>
      )}
      {task !== '' && (
        <search className="bar">
          <Choice label="Task" param="task" value={task} values={names.data ?? []} />
          <Choice label="Among the first" param="k" value={cutoffs[at] ?? '1'} values={cutoffs} />
        </search>
      )}
      {board && <KindsTable board={board} at={at} />}
    </>
  )
}
