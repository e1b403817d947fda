import { Config, SweepError } from '@sweepboard/contracts'
import type { CellsOrigin, FirstSweep, LedgerReader, ModelCell, PublishedEntry } from '@sweepboard/ledger'
import { closest, findTask } from '@sweepboard/tasks'
import { z } from 'zod'
import { type BoardRow, readRows } from './board-rows.ts'
import { fittingRows, lastPart, listNames, matchModels, parseRowName } from './find-rows.ts'
import { Change, changesBetween } from './history-changes.ts'
import { PairedEntry } from './pairing.ts'
import { inOneLine } from './system-name.ts'

/** Results shown, and how many may be asked for. */
export const HISTORY_LIMIT = { usual: 100, most: 1000 } as const

export interface HistoryQuery {
  /** A model as a row is named; with a revision or parts its rows of those alone. */
  readonly model: string
  readonly task: string
  /** Newest results. */
  readonly limit: number
}

export const HistoryResult = z.object({
  /** When its last entry was scored. */
  at: z.string(),
  /** The first sweep that named it. */
  sweep: z.object({ id: z.string(), name: z.string() }).nullable(),
  /** As rows of the board are named; two results of one recipe and config have one name. */
  name: z.string(),
  /** What the name says beside the model. */
  parts: z.array(z.string()),
  model: z.string(),
  revision: z.string(),
  config: Config,
  /** Whether the board of all sweeps shows the data it was scored on. */
  isShown: z.boolean(),
  /** Limited data. */
  limit: z.number().nullable(),
  mainScore: z.string(),
  /** Main score, the flat mean over its entries (protocol 6.1); null where one is undefined. */
  score: z.number().nullable(),
  /** Entries (subset, split). */
  entryCount: z.number(),
  /** Engines with their versions. */
  engines: z.array(z.string()),
  providers: z.array(z.string()),
  dtypes: z.array(z.string()),
  devices: z.array(z.string()),
  codes: z.array(z.string()),
  /** The result before it of the same parts, over the entries of both; null for the first. */
  before: z
    .object({
      at: z.string(),
      changes: z.array(Change),
      /** Empty where they have none in common, or it was scored on other data: `a` is the later. */
      entries: z.array(PairedEntry),
    })
    .nullable(),
})
export type HistoryResult = z.infer<typeof HistoryResult>

export const PublishedResult = z.object({
  name: z.string(),
  model: z.string(),
  revision: z.string(),
  datasetRevision: z.string(),
  /** Path of the file. */
  origin: z.string(),
  score: z.number().nullable(),
  entryCount: z.number(),
})
export type PublishedResult = z.infer<typeof PublishedResult>

/** All results of one model on one task. */
export const ModelHistory = z.object({
  model: z.string(),
  task: z.string(),
  mainScore: z.string(),
  /** Results there are; `results` holds the newest of them, the oldest of these first. */
  total: z.number(),
  results: z.array(HistoryResult),
  published: z.array(PublishedResult),
})
export type ModelHistory = z.infer<typeof ModelHistory>

/** Reads the query of a URL. Throws `SB-SERVE-005`. */
export function parseHistoryQuery(queries: Readonly<Record<string, readonly string[]>>): HistoryQuery {
  const [model = '', task = '', limit = ''] = [queries.model?.[0], queries.task?.[0], queries.limit?.[0]]
  if (model === '' || task === '') throw new SweepError('SB-SERVE-005', { message: 'model and task are needed' })
  const number = limit === '' ? HISTORY_LIMIT.usual : Number(limit)
  if (!Number.isInteger(number) || number < 1 || number > HISTORY_LIMIT.most)
    throw new SweepError('SB-SERVE-005', { message: `limit is a whole number, 1 to ${HISTORY_LIMIT.most}` })
  return { model, task, limit: number }
}

/** The same query as the parameters of a URL. */
export function historyParams({ model, task, limit }: HistoryQuery): URLSearchParams {
  return new URLSearchParams({ model, task, limit: String(limit) })
}

type HistoryReader = Pick<LedgerReader, 'modelNames' | 'modelCells' | 'publishedOf' | 'cellsOrigin' | 'firstSweeps'>

/**
 * The results of a model on a task, the oldest first, and what was imported of it: of a local folder also what was published under
 * its last name.
 *
 * @throws SweepError `SB-LEDGER-013` to `-015` for a name that is no model, or several; `SB-LEDGER-017` where it has no result
 */
export function readHistory(reader: HistoryReader, { model: text, task, limit }: HistoryQuery): ModelHistory {
  const names = reader.modelNames()
  const known = new Set(names)
  const name = parseRowName(text, (model) => known.has(model))
  const matched = matchModels(names, name.model)
  const lastParts = new Set(matched.map(lastPart))
  const siblings = names.filter((model) => lastParts.has(lastPart(model)))
  const rows = readRows(reader, siblings, { task, isShown: false }).filter(
    ({ model, origin }) => origin === 'published' || matched.includes(model),
  )
  if (rows.length === 0) throw new SweepError('SB-LEDGER-017', { model: text, task, suggestion: nearTask(reader, matched, task) })
  const wanted = name.parts === null && name.revision === '' ? rows : fittingRows(rows, text, name)
  if (wanted.length === 0) throw new SweepError('SB-LEDGER-015', { name: text, names: listNames(rows) })
  const [ours, published] = (['ours', 'published'] as const).map((origin) => wanted.filter((row) => row.origin === origin))
  const model = oneModel(text, ours as BoardRow[]) ?? oneModel(text, published as BoardRow[])
  const results = (ours as BoardRow[]).flatMap((row) => splitBySweep(reader, row)).sort(byTime)
  const cells = (ours as BoardRow[]).flatMap((row) => row.cells)
  return {
    model: model as string,
    task,
    mainScore: cells[0]?.mainScoreName ?? findTask(task)?.mainScore ?? 'main score',
    total: results.length,
    results: describeNewest(reader, results, limit),
    published: (published as BoardRow[]).flatMap((row) => describePublished(row, cells)),
  }
}

function nearTask(reader: HistoryReader, models: readonly string[], task: string): string | undefined {
  const tasks = [...reader.modelCells(models), ...reader.publishedOf(models)].map((one) => one.task)
  const near = task.length > 200 ? null : closest(task, new Set(tasks))
  return near === null ? undefined : inOneLine(near)
}

/** The model all rows are of; null without rows. Throws `SB-LEDGER-014` for several. */
function oneModel(text: string, rows: readonly BoardRow[]): string | null {
  const models = new Map(rows.map((row) => [row.model, { ...row, name: row.model }]))
  if (models.size > 1)
    throw new SweepError('SB-LEDGER-014', { name: text, count: models.size, names: listNames([...models.values()]) })
  return rows[0]?.model ?? null
}

/** What one sweep added to a row on the task. */
interface Found {
  readonly row: BoardRow
  readonly sweep: FirstSweep | null
  readonly cells: readonly ModelCell[]
  readonly at: string
}

function splitBySweep(reader: HistoryReader, row: BoardRow): Found[] {
  const sweeps = new Map(
    reader.firstSweeps(row.cells.map(({ group }) => group)).map((one) => [`${one.group} ${one.configKey}`, one]),
  )
  const sweepOf = ({ group, configKey }: ModelCell) => sweeps.get(`${group} ${configKey}`) ?? null
  const bySweep = Map.groupBy(row.cells, (cell) => sweepOf(cell)?.id ?? '')
  return [...bySweep.values()].map((cells) => {
    const at = cells.reduce((last, { scoredAt }) => (scoredAt > last ? scoredAt : last), '')
    return { row, sweep: sweepOf(cells[0] as ModelCell), cells, at }
  })
}

function byTime(a: Found, b: Found): number {
  if (a.at !== b.at) return a.at < b.at ? -1 : 1
  return (a.cells[0] as ModelCell).group - (b.cells[0] as ModelCell).group
}

/** The newest results with how they came about; each is held against the one before it of the same parts, on equally limited data. */
function describeNewest(reader: HistoryReader, all: readonly Found[], limit: number): HistoryResult[] {
  const last = new Map<string, Found>()
  const befores = all.map((found) => {
    const line = JSON.stringify([found.row.parts, found.cells[0]?.limit])
    const before = last.get(line) ?? null
    last.set(line, found)
    return { found, before }
  })
  const origins = new Map<Found, CellsOrigin>()
  const originOf = (found: Found) => {
    const groups = found.cells.map(({ group }) => group)
    const origin = origins.get(found) ?? reader.cellsOrigin(groups, (found.cells[0] as ModelCell).configKey)
    origins.set(found, origin)
    return origin
  }
  return befores.slice(-limit).map(({ found, before }) => describe(found, before, originOf))
}

function describe(found: Found, before: Found | null, originOf: (found: Found) => CellsOrigin): HistoryResult {
  const { row, cells, sweep, at } = found
  const first = cells[0] as ModelCell
  const { engines, providers, dtypes, devices, codes } = originOf(found)
  const entries = before === null ? [] : pairEntries(cells, before.cells)
  return {
    ...{ at, sweep: sweep && { id: sweep.id, name: sweep.name }, name: row.name, parts: [...row.parts] },
    ...{ model: row.model, revision: row.revision, config: first.config, isShown: first.isShown, limit: first.limit },
    ...{ mainScore: first.mainScoreName, score: flatMean(cells), entryCount: cells.length },
    ...{ engines: [...engines], providers: [...providers], dtypes: [...dtypes], devices: [...devices], codes: [...codes] },
    before: before && {
      at: before.at,
      changes: changesBetween({ cells: before.cells, origin: originOf(before) }, { cells, origin: originOf(found) }),
      entries,
    },
  }
}

/** Entries that both have, on the same data and with scores that are defined. */
function pairEntries(later: readonly ModelCell[], earlier: readonly ModelCell[]): PairedEntry[] {
  const before = new Map(earlier.map((cell) => [keyOf(cell), cell]))
  const pairs = later.flatMap((cell) => {
    const old = before.get(keyOf(cell))
    const isSame = old !== undefined && old.data === cell.data && old.mainScore !== null && cell.mainScore !== null
    return isSame ? [{ cell, old }] : []
  })
  const side = ({ mainScore, perQuery }: ModelCell) => ({ score: mainScore as number, perQuery })
  return pairs.map(({ cell, old }) => {
    const { task, subset, split, mainScoreName } = cell
    return { task, subset, split, mainScoreName, share: 1 / pairs.length, a: side(cell), b: side(old) }
  })
}

function describePublished(row: BoardRow, ours: readonly ModelCell[]): PublishedResult[] {
  const wanted = new Set(ours.map(keyOf))
  const splits = findTask(ours[0]?.task ?? row.published[0]?.task ?? '')?.evalSplits
  const isWanted = (entry: PublishedEntry) =>
    wanted.size > 0 ? wanted.has(keyOf(entry)) : (splits?.includes(entry.split) ?? true)
  const entries = row.published.filter(isWanted)
  const [first] = entries
  if (first === undefined) return []
  const { name, model, revision } = row
  const { datasetRevision, origin } = first
  return [{ name, model, revision, datasetRevision, origin, score: flatMean(entries), entryCount: entries.length }]
}

function flatMean(entries: readonly { readonly mainScore: number | null }[]): number | null {
  const sum = entries.reduce<number | null>(
    (all, { mainScore }) => (all === null || mainScore === null ? null : all + mainScore),
    0,
  )
  return sum === null ? null : sum / entries.length
}

function keyOf({ subset, split }: { readonly subset: string; readonly split: string }): string {
  return JSON.stringify([subset, split])
}
