import { recipeName } from '@sweepboard/contracts/tell-apart'
import { useQuery } from '@tanstack/react-query'
import { asked } from './api.ts'
import type { BoardRow } from './board-view.ts'
import { CellEvidence, useFirstSweeps } from './cell-evidence.tsx'
import { Problem } from './frame.tsx'
import { ModelName } from './name.tsx'
import { Facts } from './pop.tsx'

interface RowEvidenceProps {
  readonly row: BoardRow
  readonly task: string
  readonly metric: string | undefined
  readonly sweep: string
}

/** Evidence of one board cell: the ledger's cells it is the mean of, or what a published file states. */
export function RowEvidence({ row, task, metric, sweep }: RowEvidenceProps) {
  const isOurs = row.origin === 'ours'
  const { data, error, isPending } = useQuery({ ...asked.evidence(sweep), enabled: isOurs })
  const score = row.scores[task]
  const parts = data?.filter(
    (cell) =>
      cell.state === 'scored' &&
      cell.task === task &&
      cell.model === row.model &&
      cell.revision === row.revision &&
      cell.variant === row.variant &&
      recipeName(cell) === row.recipe &&
      cell.config.dimensions === row.config?.dimensions &&
      cell.config.precision === row.config.precision &&
      cell.config.similarity === row.config.similarity &&
      cell.config.rerank?.depth === row.config.rerank?.depth,
  )
  const sweepOf = useFirstSweeps(parts ?? [])
  return (
    <>
      <h3>
        <ModelName model={row.model} variant={row.variant} />
      </h3>
      <p className="big">{score ?? (row.undefinedTasks?.includes(task) ? 'undefined' : '·')}</p>
      <p className="dim">
        {isOurs ? 'ours' : 'published'}
        {parts && parts.length > 1 ? `, mean over ${parts.length} subsets and splits` : ''}
        {score === undefined && !row.undefinedTasks?.includes(task) ? ', no result' : ''}
      </p>
      <Problem error={error} />
      {!isOurs && (
        <Facts
          pairs={[
            ['Task', task],
            ['Metric', metric],
            ['Revision', row.revision],
            ['Vectors', 'not stated in the file'],
            ['Device', 'not stated in the file'],
            ['Truncated', 'not stated in the file'],
          ]}
        />
      )}
      {isOurs && isPending && <p className="dim">Asking…</p>}
      {parts?.map((cell) => (
        <CellEvidence key={`${cell.group} ${cell.configKey}`} cell={cell} sweep={sweepOf(cell)} />
      ))}
    </>
  )
}
