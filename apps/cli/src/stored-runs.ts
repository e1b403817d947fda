import { isDefaultConfig, SweepError } from '@sweepboard/contracts'
import type { CellView } from '@sweepboard/ledger'

/** Which stored runs of one model and task are meant. */
export interface RunChoice {
  readonly model: string
  readonly task: string
  readonly revision?: string | undefined
  /** What the board says beside the model; the model's own recipe and default config where absent. */
  readonly variant?: string | undefined
  readonly subset?: string | undefined
  readonly split?: string | undefined
}

export type CellWithRun = CellView & { readonly run: string; readonly judgments: string }

/**
 * The scored cells with a ranked run that a choice names: one for each subset and split, all of one revision, recipe and config. Throws
 * `SB-FILE-006` where there is none, and where several rows of the board fit, naming what tells them apart.
 */
export function chooseRuns(cells: readonly CellView[], choice: RunChoice): CellWithRun[] {
  const { model, task } = choice
  const ofModel = cells.filter((cell): cell is CellWithRun => cell.model === model && cell.task === task && hasRun(cell))
  const fitting = ofModel.filter(
    (cell) => fits(cell, choice) && (choice.variant === undefined ? isOwn(cell) : cell.variant === choice.variant),
  )
  const rows = new Map(fitting.map((cell) => [`${cell.revision} ${cell.recipeKey} ${cell.configKey}`, cell]))
  const [first] = rows.values()
  if (first === undefined) {
    const variants = [...new Set(ofModel.map(({ variant }) => variant || '(none)'))].sort()
    const message =
      variants.length === 0 ? 'no ranked run is stored' : `no such run; there are the variants ${variants.join(', ')}`
    throw new SweepError('SB-FILE-006', { model, task, message })
  }
  if (rows.size > 1) {
    const names = [...rows.values()].map(({ revision, variant, config }) =>
      [revision, variant, config.dimensions && `${config.dimensions} dimensions`, config.precision].filter(Boolean).join(' '),
    )
    throw new SweepError('SB-FILE-006', { model, task, message: `${rows.size} runs fit: ${names.join(', ')}` })
  }
  return fitting
}

function hasRun({ state, run, judgments }: CellView): boolean {
  return state === 'scored' && run !== null && judgments !== null
}

function fits(cell: CellView, { revision, subset, split }: RunChoice): boolean {
  const wanted = [
    [revision, cell.revision],
    [subset, cell.subset],
    [split, cell.split],
  ]
  return wanted.every(([asked, own]) => asked === undefined || asked === own)
}

function isOwn({ recipeVariant, config, recipe }: CellView): boolean {
  return recipeVariant === '' && isDefaultConfig(config, recipe.similarity)
}
