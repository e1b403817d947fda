import { randomBytes } from 'node:crypto'
import { type Digest, type PreparedTask, SweepError, type TaskRef, taskKey } from '@sweepboard/contracts'
import type { CellView } from '@sweepboard/ledger'
import { type ResolvedModel, SweepSpec } from '@sweepboard/planner'
import {
  explainGap,
  isTelling,
  type PartEffect,
  type SampleScores,
  type ScoreTable,
  type Variant,
  widestHalf,
} from '@sweepboard/results'
import { readPerQuery } from '@sweepboard/scoring'
import type { HubSettings } from '@sweepboard/tasks'
import { type Embedded, failUnservable } from './embedded.ts'
import { findModel, type ModelPlace } from './find-model.ts'
import { findTask, type NamedTaskData } from './find-task.ts'
import { prepareTasks } from './prepare-tasks.ts'
import { ProgressPrinter } from './progress.ts'
import { type NamedVariant, recipeVariants } from './recipe-variants.ts'
import { planVariants } from './variant-plan.ts'
import { followSweep, toProgress } from './wait.ts'

/** A task of at most so many texts is its own sample; of a larger one the sample begins with this many queries and doubles. */
export const WHOLE_TEXTS = 2000
const FIRST_SAMPLE = 100
const LAST_SAMPLE = 800

export interface ReproduceSetup {
  readonly named: NamedVariant
  readonly task: string
  readonly subsets: readonly string[] | undefined
  readonly datasets: string | undefined
  readonly hub: HubSettings
  readonly place: Omit<ModelPlace, 'instructions'>
  readonly artifactFolder: string
  readonly signal: AbortSignal
  readonly isQuiet: boolean
}

/** On what the parts were tried. */
export interface Sample {
  /** First n judged queries, their relevant documents and the first n others; null = the whole task. */
  readonly queries: number | null
  /** Widest half of the effects' 95 % intervals; null where the task has no scores by query. */
  readonly widestHalf: number | null
  /** Whether that is at most half the gap, or nothing is left out; null where it cannot be said. */
  readonly isTelling: boolean | null
}

/** Runs a model on a task and tries what explains a gap, through the service and worker of an embedded run. */
export class Reproduction {
  readonly #embedded: Embedded
  readonly #setup: ReproduceSetup
  readonly #instructions = new Map<Digest, NamedTaskData['instruction']>()
  #base: ResolvedModel | null = null

  constructor(embedded: Embedded, setup: ReproduceSetup) {
    this.#embedded = embedded
    this.#setup = setup
  }

  get #place(): ModelPlace {
    return { ...this.#setup.place, instructions: this.#instructions }
  }

  async #baseModel(): Promise<ResolvedModel> {
    const { model, engine, recipe } = this.#setup.named
    this.#base ??= (await findModel({ model, ...(engine && { engine }), ...(recipe && { recipe }) }, null, this.#place)).model
    return this.#base
  }

  #spec(limit: number | null): SweepSpec {
    const { named, task, subsets } = this.#setup
    const title = `reproduce ${named.model.slice(named.model.lastIndexOf('/') + 1)} ${task.slice(task.lastIndexOf('/') + 1)}`
    return SweepSpec.parse({
      sweep: title.replace(/[^\p{L}\p{N}._ -]/gu, '-').slice(0, 100),
      tasks: [{ task, ...(subsets && { subsets: [...subsets] }) }],
      models: [named.model],
      ...(named.instruction === 'default' ? {} : { matrix: { instruction: named.instruction } }),
      ...(limit === null ? {} : { limit }),
    })
  }

  #findTasks(spec: SweepSpec): TaskRef[] {
    const { task, subsets, datasets, hub, place } = this.#setup
    const found = findTask({ task, subsets }, { spec, specDir: place.specDir, datasets, hub })
    for (const { ref, instruction } of found.tasks) this.#instructions.set(taskKey(ref), instruction)
    return found.tasks.map(({ ref }) => ref)
  }

  /** Our own scores of the whole task. Throws the failure of a cell that could not be scored. */
  async ours(): Promise<{ readonly table: ScoreTable; readonly task: string }> {
    const spec = this.#spec(null)
    const refs = this.#findTasks(spec)
    const { plan } = planVariants(spec, { base: await this.#baseModel(), variants: [], refs })
    const { cells } = await this.#run(spec, plan)
    const failed = cells.find((cell) => cell.state !== 'scored')
    if (failed) throw failureOf(failed)
    const first = cells[0] as CellView
    const entries = cells.map(({ split, subset, mainScore, metrics }) => ({ split, subset, mainScore, metrics: metrics ?? {} }))
    const { model, revision, datasetRevision, task } = first
    const seconds = cells.reduce((sum, cell) => sum + secondsOf(cell), 0)
    return { table: { model, revision, datasetRevision: datasetRevision ?? '', origin: '', seconds, entries }, task }
  }

  /** One part of the recipe at a time, on a sample that grows until it tells. `queries` fixes its size. */
  async explain(gap: number, publishedModel: string, queries: number | null): Promise<{ effects: PartEffect[]; sample: Sample }> {
    for (let limit = queries; ; ) {
      const spec = this.#spec(limit)
      const refs = this.#findTasks(spec)
      const base = await this.#baseModel()
      const ref = refs[0] as TaskRef
      const changes = await recipeVariants(this.#setup.named, { base, ref, publishedModel, place: this.#place })
      const planned = planVariants(spec, { base, variants: changes, refs })
      const prepared = await this.#prepare(planned.plan)
      const texts = prepared.reduce((sum, one) => sum + one.queries.count + one.documents.count, 0)
      if (limit === null && texts > WHOLE_TEXTS && hasQueries(refs)) {
        limit = FIRST_SAMPLE
        continue
      }
      const { cells } = await this.#run(spec, planned.plan, prepared)
      const at = (places: readonly number[]) => places.map((place) => cells[place] as CellView)
      const own = this.#scores(at(planned.base))
      if (own === null) throw failureOf(at(planned.base).find((cell) => cell.state !== 'scored') as CellView)
      const variants = planned.variants.map(({ variant: { part, change }, places }): Variant => {
        const failed = at(places).find((cell) => cell.state !== 'scored')
        return { part, change, scores: this.#scores(at(places)), failure: failed?.failure?.message ?? null }
      })
      const effects = explainGap(own, variants, gap)
      const widest = widestHalf(effects)
      const sample = {
        queries: limit,
        widestHalf: widest,
        isTelling: widest === null ? null : limit === null || isTelling(effects, gap),
      }
      const isAll = limit === null || prepared.every(({ counts }) => counts.queryCount < (limit as number))
      if (queries !== null || isAll || sample.isTelling !== false || limit === null || limit >= LAST_SAMPLE)
        return { effects, sample }
      limit *= 2
    }
  }

  #scores(cells: readonly CellView[]): SampleScores | null {
    if (cells.some((cell) => cell.mainScore === null)) return null
    const perQuery = new Map<string, number>()
    for (const cell of cells) {
      if (cell.perQuery === null) continue
      const bytes = this.#embedded.service.store.readSync(cell.perQuery)
      if (bytes === null) continue
      const { queryIds, values } = readPerQuery(bytes)
      const scores = values[cell.mainScoreName]
      for (const [i, id] of queryIds.entries())
        if (scores !== undefined) perQuery.set(`${cell.split} ${cell.subset} ${id}`, scores[i] as number)
    }
    const score = cells.reduce((sum, cell) => sum + (cell.mainScore as number), 0) / cells.length
    return { score, perQuery: perQuery.size === 0 ? null : perQuery }
  }

  #prepare(plan: Parameters<typeof prepareTasks>[0]): Promise<PreparedTask[]> {
    const { artifactFolder, hub, signal, task } = this.#setup
    return prepareTasks(plan, { file: task, artifactFolder, hub, signal })
  }

  async #run(
    spec: SweepSpec,
    plan: Parameters<typeof prepareTasks>[0],
    prepared?: readonly PreparedTask[],
  ): Promise<{ readonly cells: readonly CellView[] }> {
    const { service } = this.#embedded
    const { signal, isQuiet } = this.#setup
    const sweep = `s${randomBytes(8).toString('hex')}`
    const text = `${JSON.stringify(spec, null, 2)}\n`
    const data = prepared ?? (await this.#prepare(plan))
    service.submit({ sweep, name: spec.sweep, spec: text, plan, prepared: [...data], weight: 1 })
    const printer = new ProgressPrinter()
    const read = async () => {
      failUnservable(this.#embedded)
      return service.sweepView(sweep)
    }
    await followSweep(read, (view) => (isQuiet ? undefined : printer.show(toProgress(view))), signal)
    printer.finish()
    if (signal.aborted) throw new SweepError('SB-CORE-004', { what: spec.sweep })
    return { cells: service.cells(sweep) }
  }
}

/** Whether a task's type is judged query by query, so that part of it can be a sample. */
function hasQueries(refs: readonly TaskRef[]): boolean {
  return refs.every(({ type }) => type === undefined || type === 'Reranking' || type === 'InstructionReranking')
}

function secondsOf({ evidence: { score, query, document, pairs } }: CellView): number {
  const encoded = [query, document, ...pairs].reduce((sum, side) => sum + (side?.encodeSeconds ?? 0), 0)
  const loading = Math.max(0, ...[query, document, ...pairs].map((side) => side?.loadSeconds ?? 0))
  return loading + encoded + (score?.searchSeconds ?? 0) + (score?.metricSeconds ?? 0)
}

function failureOf(cell: CellView): SweepError {
  const message = cell.failure?.message ?? 'it was not scored'
  return new SweepError('SB-FILE-005', { model: cell.model, task: cell.task, message })
}
