import { type Config, configKey, type RerankStage, sha256 } from '@sweepboard/contracts'

/** Every simulated task has this many queries and documents. */
const QUERIES = 2
const DOCUMENTS = 8

/** A ranked run, `[query][rank]`: rows of documents. */
export type Lists = readonly (readonly number[])[]

/** What scoring a cell yields: its run and its main score. */
export interface CellValue {
  readonly lists: Lists
  readonly mainScore: number
}

/** A number in [0, 1) that depends on every character. */
export function unit(text: string): number {
  return Number.parseInt(sha256(text).slice(0, 12), 16) / 2 ** 48
}

/** The cell of a first stage: its score depends on the config and on every chunk read, in order; runs of one task resemble each other. */
export function firstValue(task: string, config: string, labels: readonly string[]): CellValue {
  const source = `${config}(${labels.join(',')})`
  const lists = rows(QUERIES).map((query) => {
    const closeness = rows(DOCUMENTS).map((row) => unit(`${task} ${query} ${row}`) + unit(`${source} ${query} ${row}`) / 2)
    return rows(DOCUMENTS).sort((a, b) => (closeness[b] as number) - (closeness[a] as number))
  })
  return { lists, mainScore: unit(source) }
}

/** The best `depth` documents of each list by the score of their pair; `scoreOf` throws where a pair has none. */
export function rerankValue(config: Config, parent: Lists, scoreOf: (query: number, document: number) => number): CellValue {
  const { depth, tail } = config.rerank as RerankStage
  const lists = parent.map((list, query) => {
    const head = list.slice(0, depth ?? list.length).map((row) => ({ row, score: scoreOf(query, row) }))
    const rest = tail === 'append' ? list.slice(head.length) : []
    return [...head.sort((a, b) => b.score - a.score).map(({ row }) => row), ...rest]
  })
  return valued(config, lists)
}

/** Lists that end at a cut, or two runs fused by the sum of ranks. */
export function deriveValue(config: Config, runs: readonly Lists[]): CellValue {
  const [first = [], second = []] = runs
  const { cut } = config
  if (cut !== undefined) {
    const top = 'top' in cut ? cut.top : DOCUMENTS
    return valued(
      config,
      first.map((list) => list.slice(0, top)),
    )
  }
  const rank = (list: readonly number[] | undefined, row: number) => {
    const at = list?.indexOf(row) ?? -1
    return at < 0 ? DOCUMENTS : at
  }
  const lists = first.map((list, query) => {
    const sum = (row: number) => rank(list, row) + rank(second[query], row)
    return rows(DOCUMENTS).sort((a, b) => sum(a) - sum(b) || a - b)
  })
  return valued(config, lists)
}

/** Pairs (query row, document row) that a run needs down to a depth. */
export function pairsOf(lists: Lists, depth: number): [query: number, document: number][] {
  return lists.flatMap((list, query) => list.slice(0, depth).map((row): [number, number] => [query, row]))
}

function valued(config: Config, lists: Lists): CellValue {
  return { lists, mainScore: unit(`${configKey(config)} ${JSON.stringify(lists)}`) }
}

function rows(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i)
}
