import { type Config, configKey, type PlannedGroup } from '@sweepboard/contracts'
import { pairName, pairScore, scorerOf } from './sim-pairs.ts'
import { type CellValue, deriveValue, firstValue, pairsOf, rerankValue } from './sim-ranking.ts'
import type { World } from './world.ts'

/** What a quiet run gives for each cell, from the plan alone. */
export class QuietValues {
  readonly #world: World
  readonly #known = new Map<string, CellValue>()

  constructor(world: World) {
    this.#world = world
  }

  of(group: PlannedGroup, config: Config): CellValue {
    const name = `${group.key} ${configKey(config)}`
    let value = this.#known.get(name)
    if (value === undefined) {
      value = this.#make(group, config)
      this.#known.set(name, value)
    }
    return value
  }

  /** Names of the pairs a config of a child group needs; none elsewhere. */
  pairsOf(group: PlannedGroup, config: Config): string[] {
    const { parent } = group.rerank ?? {}
    if (!parent) return []
    const { lists } = this.of(this.#world.group(parent.group), parent.config)
    const sets = this.#world.textSetsOf(group.task.task)
    return pairsOf(lists, config.rerank?.depth ?? 0).map(([query, document]) => pairName(sets, query, document))
  }

  #make(group: PlannedGroup, config: Config): CellValue {
    const world = this.#world
    const { rerank, derive, task } = group
    const listsOf = (cell: { readonly group: string; readonly config: Config }) =>
      this.of(world.group(cell.group), cell.config).lists
    if (derive) return deriveValue(config, derive.sources.map(listsOf))
    if (!rerank?.parent) return firstValue(task.task, configKey(config), world.labelsOf(group))
    const sets = world.textSetsOf(task.task)
    const scorer = scorerOf(world.laneOf(rerank.load.key), rerank.recipe)
    return rerankValue(config, listsOf(rerank.parent), (query, document) => pairScore(scorer, pairName(sets, query, document)))
  }
}
