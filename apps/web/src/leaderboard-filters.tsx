import type { Leaderboard } from '@sweepboard/results'
import { setParams } from './address.ts'
import { type BoardFilter, choices } from './board-view.ts'
import { visible } from './format.ts'

interface Filters {
  readonly board: Leaderboard
  readonly filter: BoardFilter
  readonly tasks: string
  readonly sweep: string
  /** Whether the columns of resources are shown. */
  readonly hasResources: boolean
}

/** Find and filters; each change is in the URL at once. */
export function LeaderboardFilters({ board, filter, tasks, sweep, hasResources }: Filters) {
  const { precisions, dimensions } = choices(board)
  const isFiltered = [filter.find, filter.origin, filter.precision, filter.dimensions, tasks, sweep].some(Boolean)
  return (
    <search className="bar">
      <input
        className="in find"
        type="search"
        placeholder="Find a model…"
        aria-label="Find a model"
        value={filter.find}
        onChange={(event) => setParams({ find: event.target.value })}
      />
      <Choice all="all" label="Task" param="tasks" value={tasks} values={board.tasks} />
      <Choice all="all" label="Origin" param="origin" value={filter.origin} values={['ours', 'published']} />
      <Choice all="all" label="Precision" param="precision" value={filter.precision} values={precisions} />
      <Choice all="all" label="Dims" param="dims" value={filter.dimensions} values={dimensions} />
      <button
        type="button"
        className="btn sm"
        aria-pressed={hasResources}
        title="Weights, memory, seconds, rates, latency of one query"
        onClick={() => setParams({ res: hasResources ? null : '1' })}
      >
        Resources
      </button>
      <button
        type="button"
        className="btn sm quiet"
        disabled={!isFiltered}
        onClick={() => setParams({ find: null, tasks: null, origin: null, precision: null, dims: null, sweep: null })}
      >
        Clear
      </button>
    </search>
  )
}

interface ChoiceProps {
  readonly label: string
  readonly param: string
  readonly value: string
  readonly values: readonly string[]
  /** What the empty value is called; absent where one is always chosen. */
  readonly all?: string | undefined
}

/** One choice of a list, kept in the URL. */
export function Choice({ label, param, value, values, all }: ChoiceProps) {
  const offered = value && !values.includes(value) ? [value, ...values] : values
  return (
    <label className={`chip ${value && all ? 'on' : ''}`}>
      <span>{label}</span>
      <select value={value} onChange={(event) => setParams({ [param]: event.target.value })}>
        {all && <option value="">{all}</option>}
        {offered.map((one) => (
          <option key={one} value={one}>
            {visible(one)}
          </option>
        ))}
      </select>
    </label>
  )
}
