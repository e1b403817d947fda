import { readFileSync } from 'node:fs'
import { closest } from './closest.ts'
import { listShippedTasks } from './shipped.ts'

/** Subset names and their languages, as compact as the catalog holds them; `subsetLanguages` reads all three forms. */
export type CatalogSubsets =
  | { readonly encoding: 'map'; readonly map: Readonly<Record<string, readonly string[]>> }
  | { readonly encoding: 'pair-names'; readonly names: readonly string[] }
  | { readonly encoding: 'all-ordered-pairs'; readonly members: readonly string[] }

/** Text for each side; `symmetric` tasks have one text for all. */
export type SideTexts = { readonly query?: string; readonly document?: string; readonly symmetric?: string }

/** What MTEB says of one task (mteb 2.20.0). */
export interface CatalogTask {
  readonly name: string
  /** Full MTEB type, e.g. `Retrieval`, `InstructionReranking`. */
  readonly type: string
  readonly subsets: CatalogSubsets
  readonly evalSplits: readonly string[]
  readonly mainScore: string
  readonly prompt: string | SideTexts | null
  /** What an instruction model receives per side, family default filled in; `''` = nothing; null for aggregates. */
  readonly instruction: SideTexts | null
  readonly dataset: { readonly path: string | null; readonly revision: string }
  readonly params: Readonly<Record<string, unknown>>
  /** How MTEB loads it; `aggregate` tasks have no data of their own. */
  readonly loading: string
  /** Methods of MTEB's task that change its data or scores; absent = none. */
  readonly hooks?: readonly string[]
  readonly modalities: readonly string[]
  readonly multilingual: boolean
  readonly isPublic: boolean
  readonly license: string | null
  readonly domains: readonly string[] | null
  /** Per split, over all subsets together: `num_queries`, `num_documents`, `num_subsets`, `num_samples` and others. */
  readonly stats?: Readonly<Record<string, Readonly<Record<string, number>>>>
  /** What differed in mteb 1.38.33; null = the task was not in it. */
  readonly v1: Readonly<Record<string, unknown>> | null
  readonly benchmarks: Readonly<
    Record<string, { readonly evalSplits: readonly string[]; readonly subsets: 'all' | readonly string[] }>
  >
  readonly componentTasks?: readonly string[]
  readonly componentOf?: readonly string[]
  readonly supersededBy?: string
  readonly adaptedFrom?: readonly string[]
}

/** A leaderboard: its tasks in order, and how its table aggregates them. */
export interface CatalogBenchmark {
  readonly aliases: readonly string[]
  readonly aggregations: readonly string[]
  /** Languages of the per-language table; empty = none. */
  readonly languageView: readonly string[]
  readonly tasks: readonly string[]
}

interface Catalog {
  readonly benchmarks: Readonly<Record<string, CatalogBenchmark>>
  readonly similarTaskComponents: readonly (readonly string[])[]
  readonly tasks: readonly CatalogTask[]
}

let loaded: (Catalog & { readonly byName: ReadonlyMap<string, CatalogTask> }) | null = null

function catalog() {
  if (loaded === null) {
    const read = JSON.parse(readFileSync(new URL('../data/catalog.json', import.meta.url), 'utf8')) as Catalog
    loaded = { ...read, byName: new Map(read.tasks.map((task) => [task.name, task])) }
  }
  return loaded
}

/** The catalog's task of exactly this name, or undefined. */
export function findTask(name: string): CatalogTask | undefined {
  return catalog().byName.get(name)
}

/** All 234 tasks of the catalog, in its order (benchmark by benchmark). */
export function listTasks(): readonly CatalogTask[] {
  return catalog().tasks
}

/** Benchmarks by canonical name, e.g. `MTEB(eng, v2)`. */
export function listBenchmarks(): Readonly<Record<string, CatalogBenchmark>> {
  return catalog().benchmarks
}

/** A benchmark by its name or one of its aliases (`MMTEB`), with its canonical name; undefined when there is none. */
export function findBenchmark(name: string): (CatalogBenchmark & { readonly name: string }) | undefined {
  for (const [canonical, benchmark] of Object.entries(catalog().benchmarks)) {
    if (canonical === name || benchmark.aliases.includes(name)) return { ...benchmark, name: canonical }
  }
  return undefined
}

/**
 * Groups of tasks made from one another (MTEB's adapted_from/superseded_by graph, both directions): a model trained on
 * one member counts as trained on all, for the zero-shot percentage.
 */
export function similarTaskComponents(): readonly (readonly string[])[] {
  return catalog().similarTaskComponents
}

/** The task name nearest to a mistyped one, over catalog and shipped tasks; null when none is near. */
export function suggestTask(name: string): string | null {
  return closest(name, [...listShippedTasks(), ...catalog().byName.keys()])
}
