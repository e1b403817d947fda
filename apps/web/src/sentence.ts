import type { BoardRow, BoardView } from './board-view.ts'
import { count, fixed, modelParts, span, visible } from './format.ts'

/** A sentence in pieces; facts are set in bold. */
export interface Sentence {
  readonly text: string
  readonly parts: readonly { readonly text: string; readonly isFact: boolean }[]
}

/** Builds a sentence of plain words and facts: `say` `` `A ${fact} B` `` in a form that survives hostile names. */
export function say(words: readonly string[], ...facts: readonly string[]): Sentence {
  const parts = words.flatMap((text, at) => [
    ...(text ? [{ text, isFact: false }] : []),
    ...(at < facts.length ? [{ text: facts[at] as string, isFact: true }] : []),
  ])
  return { parts, text: parts.map((part) => part.text).join('') }
}

/** Sentences one after another. */
export function join(sentences: readonly Sentence[]): Sentence {
  const parts = sentences.flatMap((one, at) => (at === 0 ? one.parts : [{ text: ' ', isFact: false }, ...one.parts]))
  return { parts, text: parts.map((part) => part.text).join('') }
}

const LONGEST_NAME = 60
const tasksOf = (n: number) => (n === 1 ? '1 task' : `${count(n)} tasks`)
const rowsOf = (n: number) => (n === 1 ? '1 row' : `${count(n)} rows`)

function nameOf(row: BoardRow): string {
  const name = visible(modelParts(row.model).name || row.model)
  return name.length > LONGEST_NAME ? `${name.slice(0, LONGEST_NAME - 1)}…` : name
}

/** What tells a row from its siblings of the same model, in words; empty for a model's own recipe at full size. */
function detailOf(row: BoardRow): string {
  const parts = [
    row.variant && visible(row.variant),
    row.dimensions !== null && row.dimensions !== 'full' && `${row.dimensions} dimensions`,
    row.config !== null && row.config.precision !== 'float32' && row.config.precision,
    row.otherSimilarity,
    row.origin === 'published' && 'published',
  ].filter(Boolean)
  return parts.length === 0 ? '' : ` (${parts.join(', ')})`
}

/**
 * The board's finding: who leads the rows shown, by how much over the next model, and what the ranks rest on. Says so where
 * there is nothing to compare (`asked`: the tasks asked for by name), and never claims a doubt that was not computed.
 */
export function sentence(view: BoardView, asked = ''): Sentence {
  const shown = view.ranked.length + view.incomplete.length
  if (view.total === 0) return asked === '' ? say`Nothing is scored yet.` : say`Nothing named ${visible(asked)} has scores here.`
  if (shown === 0) return say`None of ${rowsOf(view.total)} matches the filter.`
  const byMean = [...view.ranked].sort((a, b) => (b.mean ?? 0) - (a.mean ?? 0))
  const [leader] = byMean
  const tasks = tasksOf(view.tasks.length)
  if (!leader) return say`No row has all ${tasks}, so none is ranked: means over different tasks must not be compared.`
  const mean = fixed(leader.mean ?? 0, 4)
  const over = view.tasks.length === 1 ? 'on' : 'mean over'
  const first = say(
    [`${''}`, `${detailOf(leader)} ${shown === 1 ? 'has' : 'leads with'} `, `, ${over} ${tasks}.`],
    nameOf(leader),
    mean,
  )
  const said = [first]
  if (shown === 1) said.push(say`One row: nothing to compare it with.`)
  const next = byMean.find((row) => row.model !== leader.model)
  if (next) {
    const behind = (next.mean ?? 0) - (leader.mean ?? 0)
    said.push(say(['Next model: ', `${detailOf(next)}, `, '; no interval was computed.'], nameOf(next), fixed(behind, 4)))
  }
  if (view.incomplete.length > 0) said.push(say`${count(view.ranked.length)} of ${rowsOf(shown)} have all ${tasks}.`)
  return join(said)
}

/** The counts of a sweep that its sentence needs. */
export interface SweepCounts {
  readonly state: string
  readonly runMs: number
  readonly budget: { readonly sweepMs: number | null }
  readonly cells: { readonly scored: number; readonly failed: number; readonly total: number }
  readonly tokensPerSecond: number | null
  readonly etaSeconds: number | null
  readonly tasks: { readonly prepared: number; readonly failed: number; readonly total: number }
}

/** How far a sweep is, at what rate, and when it ends; no end is named before a rate was measured. */
export function sweepSentence(sweep: SweepCounts, now: Date): Sentence {
  const { cells, etaSeconds, tokensPerSecond } = sweep
  const said = [say`${count(cells.scored)} of ${count(cells.total)} cells scored.`]
  if (cells.failed > 0) said.push(say`${count(cells.failed)} failed.`)
  if (sweep.state === 'running') {
    if (tokensPerSecond) said.push(say`${count(tokensPerSecond)} tokens/s.`)
    if (etaSeconds !== null) {
      const end = new Date(now.getTime() + etaSeconds * 1000)
      const clock = `${String(end.getHours()).padStart(2, '0')}:${String(end.getMinutes()).padStart(2, '0')}`
      said.push(say`Done about ${clock}, in ${span(etaSeconds)}.`)
    } else if (sweep.tasks.prepared + sweep.tasks.failed < sweep.tasks.total)
      said.push(say`Reading tasks: ${count(sweep.tasks.prepared)} of ${count(sweep.tasks.total)}.`)
    else said.push(say`No rate measured yet.`)
  }
  if (sweep.state === 'paused') said.push(say`Paused: nothing new starts until it is resumed.`)
  if (isStoppedByBudget(sweep)) {
    const [ran, budget] = [span(sweep.runMs / 1000), span((sweep.budget.sweepMs ?? 0) / 1000)]
    said.push(say(['Stopped by its budget: it ran ', ' of ', '. What was scored stays.'], ran, budget))
  } else if (sweep.state === 'cancelled') said.push(say`Cancelled: what was scored stays.`)
  return join(said)
}

/** Whether a cancelled sweep was cancelled because it had run longer than its budget. */
function isStoppedByBudget({ state, runMs, budget }: SweepCounts): boolean {
  return state === 'cancelled' && budget.sweepMs !== null && runMs > budget.sweepMs
}
