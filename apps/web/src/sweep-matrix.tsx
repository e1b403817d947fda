import type { CellView } from '@sweepboard/ledger'
import { type CSSProperties, memo, useCallback, useMemo, useState } from 'react'
import { CellEvidence, useFirstSweeps } from './cell-evidence.tsx'
import { fixed, visible } from './format.ts'
import { Cut, ModelName } from './name.tsx'
import { Pop } from './pop.tsx'
import { RowSpace } from './row-space.tsx'
import { useRowWindow } from './row-window.ts'
import { type MatrixCell, type MatrixRow, toMatrix } from './sweep-view.ts'

const MARKS: Readonly<Record<MatrixCell['state'], string>> = { waiting: '', partial: '', scored: '✓', failed: '✕', stale: '↻' }

/** Models by tasks; a press on a cell lists its configs and what stands behind them. */
export function SweepMatrix({ cells }: { cells: readonly CellView[] }) {
  const matrix = useMemo(() => toMatrix(cells), [cells])
  const [showsScores, setShowsScores] = useState(false)
  const [open, setOpen] = useState<{ row: string; task: string; anchor: HTMLElement } | null>(null)
  const close = useCallback(() => setOpen(null), [])
  const { body, start, end, before, after } = useRowWindow(matrix.rows.length)
  const hasChips = matrix.rows.some((row) => row.variant !== '')
  const opened = open && matrix.rows.find((row) => row.key === open.row)?.cells.get(open.task)
  return (
    <section className="card">
      <header>
        <h2>Models and tasks</h2>
        <span className="t2 dim">all vector lengths and precisions of a cell together</span>
        <span className="seg sp">
          {[false, true].map((scores) => (
            <button
              key={String(scores)}
              type="button"
              aria-pressed={scores === showsScores}
              onClick={() => setShowsScores(scores)}
            >
              {scores ? 'Scores' : 'Cells'}
            </button>
          ))}
        </span>
      </header>
      <div className="body">
        <div className="scroll">
          <table
            className={`mx ${showsScores ? 'scores' : ''} ${before + after > 0 ? 'windowed' : ''} ${hasChips ? 'varied' : ''}`}
            aria-rowcount={matrix.rows.length + 1}
          >
            <caption className="sr">State by model and task</caption>
            <thead>
              <tr>
                <th scope="col" className="stick">
                  <span className="sr">Model</span>
                </th>
                {matrix.tasks.map((task) => (
                  <th key={task} scope="col">
                    <div className="v">
                      <Cut text={task} />
                    </div>
                  </th>
                ))}
                <th scope="col">
                  <span className="sr">Scored</span>
                </th>
              </tr>
            </thead>
            <tbody ref={body}>
              <RowSpace height={before} columns={matrix.tasks.length + 2} />
              {matrix.rows.slice(start, end).map((row, i) => (
                <Row
                  key={row.key}
                  row={row}
                  line={start + i + 2}
                  tasks={matrix.tasks}
                  showsScores={showsScores}
                  onOpen={setOpen}
                />
              ))}
              <RowSpace height={after} columns={matrix.tasks.length + 2} />
            </tbody>
          </table>
        </div>
        <p className="legend mx-keys">
          <span>
            <i className="key waiting" />
            waiting
          </span>
          <span>
            <i className="key partial" />
            filling by configs scored
          </span>
          <span>
            <i className="key scored" />✓ scored
          </span>
          <span className="bad">✕ failed</span>
          <span className="warn">↻ stale: failed, being tried again</span>
        </p>
      </div>
      {open && opened && (
        <Pop key={`${open.row} ${open.task}`} anchor={open.anchor} label="Cells" onClose={close}>
          <CellList cell={opened} />
        </Pop>
      )}
    </section>
  )
}

interface RowProps {
  readonly row: MatrixRow
  /** Counted from 1, the head included. */
  readonly line: number
  readonly tasks: readonly string[]
  readonly showsScores: boolean
  readonly onOpen: (opened: { row: string; task: string; anchor: HTMLElement }) => void
}

const Row = memo(function Row({ row, line, tasks, showsScores, onOpen }: RowProps) {
  return (
    <tr aria-rowindex={line}>
      <th scope="row" className="stick">
        <ModelName model={row.model} variant={row.variant} />
      </th>
      {tasks.map((task) => {
        const cell = row.cells.get(task)
        if (!cell) return <td key={task} aria-label="does not apply" />
        return (
          <td key={task}>
            <button
              type="button"
              className={cell.state}
              style={{ '--p': cell.scored / cell.cells.length } as CSSProperties}
              aria-label={`${visible(row.model)}, ${visible(task)}: ${cell.state}, ${cell.scored} of ${cell.cells.length} scored`}
              aria-haspopup="dialog"
              onClick={(event) => onOpen({ row: row.key, task, anchor: event.currentTarget })}
            >
              {showsScores && cell.score !== null ? fixed(cell.score, 3) : MARKS[cell.state]}
            </button>
          </td>
        )
      })}
      <td className="st">
        <b>{row.scored}</b>/{row.total}
      </td>
    </tr>
  )
})

function CellList({ cell }: { cell: MatrixCell }) {
  const [first] = cell.cells
  const sweepOf = useFirstSweeps(cell.cells)
  if (!first) return null
  return (
    <>
      <h3>
        <ModelName model={first.model} variant={first.variant} />
      </h3>
      <p className="dim">
        <Cut text={first.task} />
      </p>
      {cell.cells.map((one, at) => (
        <details key={`${one.subset} ${one.split} ${one.configKey}`} open={cell.cells.length === 1 && at === 0}>
          <summary>
            <span>
              {one.config.dimensions ?? 'full'} · {one.config.precision}
              {one.subset !== 'default' && ` · ${visible(one.subset)}`}
            </span>
            <b className={one.state === 'failed' ? 'bad' : one.state === 'stale' ? 'warn' : ''}>
              {one.mainScore === null ? `${MARKS[one.state]} ${one.state}` : fixed(one.mainScore, 4)}
            </b>
          </summary>
          <CellEvidence cell={one} sweep={sweepOf(one)} />
        </details>
      ))}
    </>
  )
}
