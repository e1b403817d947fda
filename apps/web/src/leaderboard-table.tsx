import {
  type ColumnDef,
  createSortedRowModel,
  rowSortingFeature,
  type SortFn,
  tableFeatures,
  useTable,
} from '@tanstack/react-table'
import { type CSSProperties, memo, useCallback, useMemo, useState } from 'react'
import { setParams } from './address.ts'
import { type BoardRow, type BoardView, isBaseline } from './board-view.ts'
import { fixed, visible } from './format.ts'
import { CutMiddle, ModelName } from './name.tsx'
import { Pop } from './pop.tsx'
import { RESOURCE_COLUMNS, shownResource } from './resource-columns.ts'
import { RowEvidence } from './row-evidence.tsx'
import { RowSpace } from './row-space.tsx'
import { useRowWindow } from './row-window.ts'

const features = tableFeatures({ rowSortingFeature, sortedRowModel: createSortedRowModel() })
const byValue: SortFn<typeof features, BoardRow> = (a, b, column) => {
  const [left, right] = [a.getValue<number | string>(column), b.getValue<number | string>(column)]
  return left < right ? -1 : left > right ? 1 : 0
}
type Column = ColumnDef<typeof features, BoardRow>

const TASK = 'task:'

function columnsOf({ tasks, hasTypes }: BoardView, hasResources: boolean): Column[] {
  const column = (id: string, header: string, value: (row: BoardRow) => number | string | undefined, isText = false): Column => ({
    id,
    header,
    accessorFn: value,
    sortFn: byValue,
    sortUndefined: 'last',
    sortDescFirst: !isText,
  })
  return [
    column('model', 'Model', (row) => row.model.toLowerCase(), true),
    column('rank', 'Rank', (row) => row.rank ?? undefined, true),
    column('mean', 'Mean (Task)', (row) => row.mean ?? undefined),
    ...(hasTypes ? [column('meanType', 'Mean (TaskType)', (row) => row.meanType ?? undefined)] : []),
    ...tasks.map((task) => column(TASK + task, task, (row) => row.scores[task])),
    column('dims', 'Dims', (row) => row.config?.dimensions ?? row.fullDimensions ?? undefined),
    column('precision', 'Precision', (row) => row.config?.precision, true),
    ...(hasResources ? RESOURCE_COLUMNS : []).map(({ id, title, value }) =>
      column(id, title, (row) => (row.resources === null ? undefined : (value(row.resources) ?? undefined))),
    ),
    column('tasks', 'Tasks', (row) => row.taskCount),
    column('origin', 'Origin', (row) => row.origin, true),
  ]
}

interface TableProps {
  readonly view: BoardView
  readonly mainScores: Readonly<Record<string, string>>
  readonly sweep: string
  /** Column id, `-` before it for descending. */
  readonly sort: string
  readonly hasResources: boolean
}

/** The board: sorts by any column; rows lacking a task stay below the line however it is sorted. */
export function LeaderboardTable({ view, mainScores, sweep, sort, hasResources }: TableProps) {
  const [open, setOpen] = useState<{ row: BoardRow; task: string; anchor: HTMLElement } | null>(null)
  const close = useCallback(() => setOpen(null), [])
  const data = useMemo(() => [...view.ranked, ...view.incomplete], [view.ranked, view.incomplete])
  const columns = useMemo(() => columnsOf(view, hasResources), [view, hasResources])
  const id = sort.replace(/^-/, '')
  const sorting = columns.some((column) => column.id === id) ? [{ id, desc: sort.startsWith('-') }] : [{ id: 'mean', desc: true }]
  const table = useTable({
    features,
    columns,
    data,
    state: { sorting },
    getRowId: (row: BoardRow) => row.key,
    enableSortingRemoval: false,
    enableMultiSort: false,
    onSortingChange: (change) => {
      const [next] = typeof change === 'function' ? change(sorting) : change
      if (next) setParams({ sort: next.id === 'mean' && next.desc ? null : `${next.desc ? '-' : ''}${next.id}` })
    },
  })
  const rows = table.getRowModel().rows.map((row) => row.original)
  const ranked = rows.filter((row) => row.rank !== null)
  const incomplete = rows.filter((row) => row.rank === null)
  const lines: readonly (BoardRow | null)[] = incomplete.length === 0 ? ranked : [...ranked, null, ...incomplete]
  const { body, start, end, before, after } = useRowWindow(lines.length)
  const hasChips = data.some((row) => row.variant !== '' || row.details !== '')
  return (
    <>
      <div className="card scroll">
        <table
          className={`lb ${before + after > 0 ? 'windowed' : ''} ${hasChips ? 'varied' : ''}`}
          aria-rowcount={lines.length + 1}
        >
          <caption className="sr">Scores by model and task</caption>
          <thead>
            <tr>
              {table.getFlatHeaders().map((header) => (
                <Head key={header.id} header={header} metric={mainScores[header.id.slice(TASK.length)]} />
              ))}
            </tr>
          </thead>
          <tbody ref={body}>
            <RowSpace height={before} columns={columns.length} />
            {lines
              .slice(start, end)
              .map((line, i) =>
                line ? (
                  <Row key={line.key} row={line} line={start + i + 2} view={view} hasResources={hasResources} onOpen={setOpen} />
                ) : (
                  <Section key="incomplete" columns={columns.length} />
                ),
              )}
            <RowSpace height={after} columns={columns.length} />
          </tbody>
        </table>
      </div>
      <p className="legend">
        <span>
          low in column <i className="ramp" /> high, among ranked rows; baselines are not coloured
        </span>
        <span>
          <b>Bold</b> best in column of the ranked rows that are no baselines
        </span>
        {rows.some((row) => Object.keys(row.unclaimed).length > 0) && <span>* language not claimed by the model</span>}
        <span>Mean (Task): each task counts once, whatever its subsets</span>
        {rows.some((row) => row.ownMean !== null) && <span>(…) mean of the tasks the row has</span>}
        {view.hasTypes && <span>Mean (TaskType): each type of task counts once</span>}
        <span>· no result</span>
        {rows.some((row) => row.undefinedTasks) && <span>undef: scored, but the metric is undefined there</span>}
        <span>– does not apply</span>
        <span>? not stated in the published file</span>
      </p>
      {open && (
        <Pop key={`${open.row.key} ${open.task}`} anchor={open.anchor} label="Evidence" onClose={close}>
          <RowEvidence row={open.row} task={open.task} metric={mainScores[open.task]} sweep={sweep} />
        </Pop>
      )}
    </>
  )
}

type Header = ReturnType<ReturnType<typeof useTable<typeof features, BoardRow>>['getFlatHeaders']>[number]

function Head({ header, metric }: { header: Header; metric: string | undefined }) {
  const sorted = header.column.getIsSorted()
  const isName = header.id === 'model'
  const name = String(header.column.columnDef.header)
  return (
    <th
      scope="col"
      className={isName ? 'stick' : 'num'}
      aria-sort={sorted === 'desc' ? 'descending' : sorted === 'asc' ? 'ascending' : undefined}
    >
      <button
        type="button"
        className="mid"
        aria-label={header.id.startsWith(TASK) ? visible(name) : undefined}
        onClick={header.column.getToggleSortingHandler()}
      >
        <CutMiddle text={name} />
      </button>
      {metric && <small>{metric}</small>}
    </th>
  )
}

function Section({ columns }: { columns: number }) {
  return (
    <tr className="sect">
      <td colSpan={columns}>
        <span>Incomplete rows: shown, not ranked. Means over different tasks must not be compared.</span>
      </td>
    </tr>
  )
}

/** Mean (Task); of a row that lacks a task the mean of what it has, in brackets. */
function shownMean({ mean, ownMean }: BoardRow): string {
  if (ownMean !== null) return `(${fixed(ownMean, 4)})`
  return mean === null ? '·' : fixed(mean, 4)
}

interface RowProps {
  readonly row: BoardRow
  /** Counted from 1, the head included: most rows of a long table are not in the page. */
  readonly line: number
  readonly view: BoardView
  readonly hasResources: boolean
  readonly onOpen: (opened: { row: BoardRow; task: string; anchor: HTMLElement }) => void
}

const Row = memo(function Row({ row, line, view, hasResources, onOpen }: RowProps) {
  const isRanked = row.rank !== null
  return (
    <tr className={isRanked ? 'r' : 'r sub'} aria-rowindex={line}>
      <th scope="row" className="stick">
        <ModelName model={row.model} variant={row.variant} details={row.details} />
      </th>
      <td className="num b">{row.rank ?? '–'}</td>
      <td className={row.ownMean === null ? 'num b' : 'num dim'}>{shownMean(row)}</td>
      {view.hasTypes && <td className="num">{row.meanType === null ? '·' : fixed(row.meanType, 4)}</td>}
      {view.tasks.map((task) => {
        const score = row.scores[task]
        const range = isRanked && !isBaseline(row) ? view.ranges.get(task) : undefined
        const unclaimed = row.unclaimed[task]
        const heat = range && score !== undefined && range.high > range.low ? (score - range.low) / (range.high - range.low) : 0
        return (
          <td key={task} className={range && score === range.high && range.high > range.low ? 'c best' : 'c'}>
            <button
              type="button"
              style={{ '--h': heat } as CSSProperties}
              className={unclaimed && score !== undefined ? 'unclaimed' : undefined}
              title={unclaimed && `Language not claimed by the model: ${unclaimed.join(', ')}`}
              onClick={(event) => onOpen({ row, task, anchor: event.currentTarget })}
              aria-haspopup="dialog"
            >
              {score === undefined ? (
                <span className="miss">{row.undefinedTasks?.includes(task) ? 'undef' : '·'}</span>
              ) : (
                fixed(score, 3)
              )}
            </button>
          </td>
        )
      })}
      <td className="num">{row.shownDimensions}</td>
      <td className="num">{row.shownPrecision}</td>
      {hasResources &&
        RESOURCE_COLUMNS.map((column) => (
          <td key={column.id} className="num">
            {shownResource(column, row.resources)}
          </td>
        ))}
      <td className="num dim">
        {row.taskCount}/{view.tasks.length}
      </td>
      <td className="num">
        <span className="tag">{row.origin}</span>
      </td>
    </tr>
  )
})
