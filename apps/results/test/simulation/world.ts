import {
  type Config,
  encodingKey,
  groupKey,
  isPairRecipe,
  type Load,
  loadKey,
  type PairRecipe,
  type Plan,
  type PlannedGroup,
  type PreparedTask,
  Recipe,
  recipeKey,
  type SideRecipe,
  sha256,
  type TaskRef,
  type TextSetRef,
  taskKey,
} from '@sweepboard/contracts'
import { Chance } from './chance.ts'
import { CHUNK_BYTES } from './chunk-size.ts'
import { SimPairs } from './sim-pairs.ts'
import { Stages } from './world-stages.ts'

const CONFIGS: readonly Config[] = [
  { dimensions: null, precision: 'float32', similarity: 'cosine' },
  { dimensions: 8, precision: 'float32', similarity: 'cosine' },
  { dimensions: null, precision: 'int8', similarity: 'cosine' },
]

/** Lane numbers of rerankers start here. */
const FIRST_RERANKER = 10

export interface WorldOptions {
  readonly seed: number
  readonly mode: Mode
  readonly killerRate: number
  readonly tailKillers: boolean
  /** One model, one task, one killer among innocent chunks. */
  readonly isInStep: boolean
  /** Share of seeds whose plans have second stages. */
  readonly stageRate: number
}

export type Mode = 'clean' | 'control' | 'points' | 'chaos'

export interface SimTask {
  readonly ref: TaskRef
  readonly key: string
  readonly sets: readonly [query: string, document: string]
  /** Its preparation fails for good. */
  readonly isBad: boolean
}

/** What is to be computed, and which texts do harm: drawn from the seed. */
export class World {
  readonly loads: readonly Load[]
  /** Text set name -> chunk count. */
  readonly sets = new Map<string, number>()
  readonly tasks: SimTask[] = []
  readonly plans: { readonly id: string; readonly at: number; readonly plan: Plan; readonly weight: number }[] = []
  /** Chunks (by label) that fail alone, that take the whole worker down, that fail once or twice. */
  readonly poison = new Set<string>()
  readonly killers = new Set<string>()
  readonly flaky = new Map<string, number>()
  readonly hasEndpoint: boolean
  readonly pairs: SimPairs
  /** Loads of rerankers; none in a world of first stages only. */
  readonly #rerankers: readonly Load[]
  readonly #stageChance: Chance
  readonly #groups = new Map<string, PlannedGroup>()
  readonly #setOf = new Map<string, string>()
  readonly #laneOf = new Map<string, number>()

  constructor(chance: Chance, options: WorldOptions) {
    this.hasEndpoint = chance.hits(0.3) && !options.isInStep
    this.loads = Array.from({ length: options.isInStep ? 1 : 1 + chance.int(3) }, (_, i) => load(i, this.hasEndpoint && i === 0))
    // Drawn apart, so that the first stages of a seed are the same with and without what stands over them.
    this.#stageChance = new Chance(options.seed + 1_000_003)
    const rerankers = this.#stageChance.hits(options.stageRate) && !options.isInStep ? 1 + this.#stageChance.int(2) : 0
    this.#rerankers = Array.from({ length: rerankers }, (_, i) => load(FIRST_RERANKER + i, false))
    for (const { key, identity } of [...this.loads, ...this.#rerankers]) this.#laneOf.set(key, Number(identity.options.lane))
    this.pairs = new SimPairs(options.seed, options.mode === 'clean' || options.tailKillers ? 0 : options.killerRate)
    if (options.isInStep) {
      this.#plantKiller(chance)
      return
    }
    for (let i = 0; i < 2 + chance.int(5); i += 1) this.#addSet(`ts${i}`, chance.hits(0.05) ? 0 : 1 + chance.int(6))
    const names = [...this.sets.keys()]
    for (let i = 0; i < 1 + chance.int(4); i += 1) {
      const ref = taskRef(`task${i}`)
      const isBad = options.mode !== 'clean' && chance.hits(0.05)
      this.tasks.push({ ref, key: taskKey(ref), sets: [chance.pick(names), chance.pick(names)], isBad })
    }
    for (let i = 0; i < 1 + chance.int(3); i += 1) this.#addPlan(chance, i)
    for (const label of this.#labels()) this.#harm(chance, label, options)
  }

  /** Two tasks on one lane: the chunk that kills, and behind it innocent ones that no killer's group shares. */
  #plantKiller(chance: Chance): void {
    this.#addSet('none', 0)
    for (const [i, count] of [1, chance.pick([20, 40, 60])].entries()) {
      this.#addSet(`ts${i}`, count)
      const ref = taskRef(`task${i}`)
      this.tasks.push({ ref, key: taskKey(ref), sets: ['none', `ts${i}`], isBad: false })
    }
    const configs = CONFIGS.slice(0, 1)
    const groups = this.loads.flatMap((one) => this.tasks.map(({ ref }, rank) => group(one, ref, { configs, rank })))
    this.plans.push({ id: 's0', at: 0, plan: planOf('s0', groups), weight: 1 })
    this.killers.add('ts0@0d#0')
  }

  #addSet(name: string, chunkCount: number): void {
    this.sets.set(name, chunkCount)
    this.#setOf.set(sha256(name), name)
  }

  #addPlan(chance: Chance, i: number): void {
    const groups: PlannedGroup[] = []
    for (const task of this.tasks) {
      for (const one of this.loads) {
        if (!chance.hits(0.6)) continue
        const some = CONFIGS.filter(() => chance.hits(0.6))
        groups.push(group(one, task.ref, { configs: some.length > 0 ? some : CONFIGS.slice(0, 1), rank: groups.length }))
      }
    }
    const [first] = this.tasks
    const [lane] = this.loads
    if (groups.length === 0 && first && lane) groups.push(group(lane, first.ref, { configs: CONFIGS.slice(0, 1), rank: 0 }))
    const id = `s${i}`
    if (this.#rerankers.length > 0)
      groups.push(...new Stages(this.#stageChance, { rerankers: this.#rerankers, first: [...groups], isFirst: i === 0 }).plan())
    for (const one of groups) this.#groups.set(one.key, one)
    const isLate = this.#rerankers.length > 0 && i > 0 && this.#stageChance.hits(0.5)
    const at = i === 0 ? 0 : chance.int(60)
    this.plans.push({ id, at: isLate ? at + 60 : at, plan: planOf(id, groups), weight: 1 + chance.int(2) })
  }

  *#labels(): Generator<{ label: string; isLast: boolean }> {
    for (const lane of this.loads.keys()) {
      for (const [set, count] of this.sets) {
        for (const side of ['q', 'd'])
          for (let n = 0; n < count; n += 1) yield { label: `${set}@${lane}${side}#${n}`, isLast: n === count - 1 }
      }
    }
  }

  #harm(chance: Chance, { label, isLast }: { label: string; isLast: boolean }, options: WorldOptions): void {
    const killerRate = options.tailKillers ? (isLast ? 0.3 : 0) : options.killerRate
    if (chance.hits(0.012)) this.poison.add(label)
    else if (options.mode !== 'clean' && chance.hits(killerRate)) this.killers.add(label)
    else if (chance.hits(0.02)) this.flaky.set(label, 1 + chance.int(2))
  }

  /** Readable name of a chunk: text set, lane, side, number. */
  label(lane: string, textSet: string, side: SideRecipe | PairRecipe, n: number): string {
    if (isPairRecipe(side)) return this.pairs.label(this.#laneOf.get(lane) ?? -1, textSet, side, n)
    return `${this.#setOf.get(textSet)}@${this.#laneOf.get(lane)}${side.instruction === null ? 'd' : 'q'}#${n}`
  }

  isPoison(label: string): boolean {
    return this.poison.has(label) || (this.pairs.chunk(label)?.pairs ?? []).some((pair) => this.pairs.isPoison(pair))
  }

  isKiller(label: string): boolean {
    return this.killers.has(label) || (this.pairs.chunk(label)?.pairs ?? []).some((pair) => this.pairs.isKiller(pair))
  }

  /** How often a chunk still fails for no reason of its own. */
  flakiness(label: string): number {
    const known = this.flaky.get(label)
    if (known !== undefined || this.pairs.chunk(label) === undefined) return known ?? 0
    this.flaky.set(label, this.#stageChance.hits(0.02) ? 1 + this.#stageChance.int(2) : 0)
    return this.flaky.get(label) ?? 0
  }

  isHarmful(label: string): boolean {
    return this.isPoison(label) || this.isKiller(label)
  }

  get hasStages(): boolean {
    return this.#rerankers.length > 0
  }

  /** A group of any plan; as deep as the last plan that names it. */
  group(key: string): PlannedGroup {
    const found = this.#groups.get(key)
    if (found === undefined) throw new Error(`no group ${key}`)
    return found
  }

  laneOf(load: string): number {
    return this.#laneOf.get(load) ?? -1
  }

  /** Text sets and judgments of tasks are no files here: they are always whole. */
  isTaskArtifact(digest: string): boolean {
    return this.#setOf.has(digest) || this.tasks.some(({ ref }) => sha256(`judgments ${ref.task}`) === digest)
  }

  /** Names (digests) of the text sets of a task. */
  textSetsOf(task: string): { queries: string; documents: string } {
    const [queries = '', documents = ''] = this.tasks.find(({ ref }) => ref.task === task)?.sets ?? []
    return { queries: sha256(queries), documents: sha256(documents) }
  }

  prepared(key: string): PreparedTask {
    const task = this.tasks.find((one) => one.key === key)
    if (task === undefined) throw new Error(`no task ${key}`)
    const [queries, documents] = task.sets.map((name) => this.#textSet(name)) as [TextSetRef, TextSetRef]
    const none = { queryCount: 1, documentCount: 1, judgmentCount: 1, unjudgedQueryCount: 0, unknownQueryCount: 0 }
    const counts = {
      ...none,
      unknownDocumentCount: 0,
      emptyTextCount: 0,
      queryBytes: queries.bytes,
      documentBytes: documents.bytes,
    }
    return { key, queries, documents, judgments: sha256(`judgments ${task.ref.task}`), counts, datasetRevision: 'local' }
  }

  #textSet(name: string): TextSetRef {
    const count = this.sets.get(name) ?? 0
    const bounds = Array.from({ length: count }, (_, n) => [n * 10, n * 10 + 10] as const)
    return {
      digest: sha256(name),
      count: count * 10,
      bytes: count * CHUNK_BYTES,
      bounds,
      chunkBytes: bounds.map(() => CHUNK_BYTES),
    }
  }

  /** Labels a group's score is made of, in order: queries, then documents. */
  labelsOf(planned: PlannedGroup): string[] {
    const task = this.tasks.find(({ ref }) => ref.task === planned.task.task)
    const lane = this.#laneOf.get(planned.model.load.key)
    const side = (name: string | undefined, letter: string) =>
      Array.from({ length: this.sets.get(name ?? '') ?? 0 }, (_, n) => `${name}@${lane}${letter}#${n}`)
    return [...side(task?.sets[0], 'q'), ...side(task?.sets[1], 'd')]
  }
}

function planOf(sweep: string, groups: readonly PlannedGroup[]): Plan {
  return { sweep, groups, gates: [], warnings: [], isLimited: false, budget: { cellMs: null, sweepMs: null } }
}

function load(i: number, isRemote: boolean): Load {
  const identity: Load['identity'] = {
    engine: isRemote ? 'openai' : 'random',
    weights: null,
    dtype: 'float32',
    provider: 'cpu',
    options: { lane: i },
    fingerprint: null,
  }
  const open = { folder: null, file: null, url: null, keyVariable: null, concurrency: 4, batchTexts: 32, timeoutMs: 1000 }
  return { key: loadKey(identity), model: `m${i}`, revision: '1', identity, open, memoryBytes: 1000, parameterCount: null }
}

function taskRef(task: string): TaskRef {
  return {
    task,
    subset: 'default',
    split: 'test',
    source: { kind: 'shipped', name: task },
    mainScore: 'ndcg_at_10',
    languages: ['eng-Latn'],
    ignoreIdenticalIds: false,
    limit: null,
    catalog: null,
  }
}

function group(one: Load, task: TaskRef, { configs, rank }: { configs: readonly Config[]; rank: number }): PlannedGroup {
  const recipe = Recipe.parse({ query: { instruction: 'find' }, document: {}, similarity: 'cosine', dimensions: 16 })
  const key = groupKey(encodingKey(one.key, recipe.query), encodingKey(one.key, recipe.document), taskKey(task))
  const model = { load: one, recipe, recipeKey: recipeKey(one.key, recipe), variant: '' }
  return { key, task, model, sides: { query: recipe.query, document: recipe.document }, configs, rank }
}
