import {
  type Config,
  type Cut,
  configKey,
  deriveGroupKey,
  type Load,
  PairRecipe,
  type PlannedGroup,
  pairKey,
  rerankGroupKey,
  taskKey,
} from '@sweepboard/contracts'
import type { Chance } from './chance.ts'

/** Of the first plan, and of those that come later. */
const FIRST_DEPTHS: readonly (readonly number[])[] = [[2], [4], [2, 4], [6]]
const LATER_DEPTHS: readonly (readonly number[])[] = [[4], [6], [4, 6], [2, 8]]
const RECIPES = [null, 'again'].map((instruction) => PairRecipe.parse({ head: 'logit', instruction }))
const CUTS: readonly Cut[] = [{ top: 1 }, { top: 3 }]
/** First-stage groups of one plan that something stands over. */
const MOST = 3

interface Cell {
  readonly group: PlannedGroup
  readonly config: Config
}

/** What stands over the first-stage groups of one plan: hybrids, rerankers over several sibling cells, cuts. */
export class Stages {
  readonly #chance: Chance
  readonly #rerankers: readonly Load[]
  readonly #groups = new Map<string, PlannedGroup>()
  readonly #first: readonly PlannedGroup[]
  readonly #isFirst: boolean

  constructor(chance: Chance, over: { rerankers: readonly Load[]; first: readonly PlannedGroup[]; isFirst: boolean }) {
    this.#chance = chance
    this.#rerankers = over.rerankers
    this.#first = over.first
    this.#isFirst = over.isFirst
  }

  /** Groups in plan order: each behind those it is made from. */
  plan(): PlannedGroup[] {
    const chance = this.#chance
    const under = this.#first.filter(() => chance.hits(0.6)).slice(0, MOST)
    for (const group of under) {
      const cells: Cell[] = group.configs.filter(() => chance.hits(0.8)).map((config) => ({ group, config }))
      const [lead] = cells
      const other = this.#first.find((one) => one !== group && one.task.task === group.task.task)
      if (lead && other && chance.hits(0.5)) cells.push(this.#hybrid(lead, other))
      const reranked = chance.hits(0.85) ? this.#reranked(cells) : []
      for (const cell of [...cells, ...reranked]) if (chance.hits(0.2)) this.#cut(cell)
    }
    return [...this.#groups.values()].map((group, i) => ({ ...group, rank: this.#first.length + i }))
  }

  #hybrid(cell: Cell, other: PlannedGroup): Cell {
    const weight = 'rrf' as const
    const config: Config = { ...cell.config, hybrid: { model: other.model.load.model, revision: '1', weight } }
    return this.#derived([cell, { group: other, config: other.configs[0] as Config }], config)
  }

  #cut(cell: Cell): void {
    for (const cut of CUTS) if (this.#chance.hits(0.6)) this.#derived([cell], { ...cell.config, cut })
  }

  #derived(cells: readonly Cell[], config: Config): Cell {
    const [{ group }] = cells as [Cell]
    const { rerank: _, ...base } = group
    const derive = { sources: cells.map((cell) => ({ group: cell.group.key, config: cell.config })) }
    return this.#add({ ...base, key: deriveGroupKey(derive, taskKey(group.task)), derive, configs: [config] })
  }

  #reranked(cells: readonly Cell[]): Cell[] {
    const chance = this.#chance
    // Mostly the same for each plan, so that later plans share or deepen what stands.
    const at = chance.hits(0.8) ? 0 : chance.int(6)
    const load = this.#rerankers[at % this.#rerankers.length] as Load
    const recipe = RECIPES[at % RECIPES.length] as PairRecipe
    return cells.flatMap(({ group, config }) => {
      const depths = chance.pick(this.#isFirst ? FIRST_DEPTHS : LATER_DEPTHS)
      const { derive: _, ...base } = group
      const parent = { group: group.key, config }
      const rerank = { parent, load, recipe, depth: Math.max(...depths) }
      const key = rerankGroupKey(parent, pairKey(load.key, recipe), taskKey(group.task))
      const tail = chance.pick(['append', 'drop'] as const)
      return depths.map((depth) => {
        const stage = { model: load.model, revision: '1', depth, tail }
        return this.#add({ ...base, key, rerank, configs: [{ ...config, rerank: stage }] })
      })
    })
  }

  /** A group is planned once, with all its configs. */
  #add(group: PlannedGroup): Cell {
    const [config] = group.configs as [Config]
    const known = this.#groups.get(group.key)?.configs ?? []
    const others = known.filter((one) => configKey(one) !== configKey(config))
    this.#groups.set(group.key, { ...group, configs: [...others, config] })
    return { group, config }
  }
}
