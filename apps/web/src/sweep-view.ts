import type { CellView } from '@sweepboard/ledger'

/** The cells of one recipe and one task: all configs, subsets and splits. */
export interface MatrixCell {
  readonly cells: readonly CellView[]
  readonly scored: number
  readonly failed: number
  readonly stale: number
  /** What the mark shows: the worst that needs a person first. */
  readonly state: 'waiting' | 'partial' | 'scored' | 'failed' | 'stale'
  /** Mean main score of the default-most config's entries; null until they are scored. */
  readonly score: number | null
}

export interface MatrixRow {
  readonly key: string
  readonly model: string
  readonly variant: string
  readonly revision: string
  readonly cells: ReadonlyMap<string, MatrixCell>
  readonly scored: number
  readonly total: number
}

export interface Matrix {
  readonly tasks: readonly string[]
  readonly rows: readonly MatrixRow[]
}

/** Cells in plan order as a matrix of recipe by task; the order never depends on what is scored. */
export function toMatrix(cells: readonly CellView[]): Matrix {
  const tasks = [...new Set(cells.map((cell) => cell.task))]
  const byRecipe = Map.groupBy(cells, (cell) => JSON.stringify([cell.model, cell.revision, cell.variant]))
  const rows = [...byRecipe].map(([key, own]) => {
    const [first] = own as [CellView]
    const byTask = Map.groupBy(own, (cell) => cell.task)
    return {
      key,
      model: first.model,
      variant: first.variant,
      revision: first.revision,
      cells: new Map([...byTask].map(([task, some]) => [task, toCell(some)])),
      scored: own.filter((cell) => cell.state === 'scored').length,
      total: own.length,
    }
  })
  return { tasks, rows }
}

function toCell(cells: readonly CellView[]): MatrixCell {
  const number = (state: CellView['state']) => cells.filter((cell) => cell.state === state).length
  const [scored, failed, stale] = [number('scored'), number('failed'), number('stale')]
  const state =
    failed > 0 ? 'failed' : stale > 0 ? 'stale' : scored === cells.length ? 'scored' : scored > 0 ? 'partial' : 'waiting'
  const full = cells.filter(
    (cell) => cell.config.dimensions === null && cell.config.precision === 'float32' && !cell.config.rerank,
  )
  const shown = full.length > 0 ? full : cells.slice(0, 1)
  const scores = shown.flatMap((cell) => cell.mainScore ?? [])
  const score = scores.length === shown.length ? scores.reduce((sum, one) => sum + one, 0) / scores.length : null
  return { cells, scored, failed, stale, state, score }
}

/** Failures of one cause: the same code and the same text. */
export interface FailureGroup {
  readonly key: string
  readonly code: string
  readonly message: string
  readonly fix: string
  readonly cells: readonly CellView[]
}

/** Failed and stale cells by cause, in plan order. */
export function groupFailures(cells: readonly CellView[]): FailureGroup[] {
  const failed = cells.filter((cell) => cell.failure !== null && (cell.state === 'failed' || cell.state === 'stale'))
  const byCause = Map.groupBy(failed, (cell) => JSON.stringify([cell.failure?.code, cell.failure?.message]))
  return [...byCause].flatMap(([key, own]) => {
    const failure = own[0]?.failure
    return failure ? [{ key, code: failure.code, message: failure.message, fix: failure.fix, cells: own }] : []
  })
}
