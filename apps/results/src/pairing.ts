import { Config, SweepError } from '@sweepboard/contracts'
import type { LedgerReader } from '@sweepboard/ledger'
import { findTask } from '@sweepboard/tasks'
import { z } from 'zod'
import { findAggregate, foldAggregates, unfoldAggregates } from './aggregate-tasks.ts'
import { type BoardRow, isSameRow, readRows } from './board-rows.ts'
import { chooseRow, matchModels, parseRowName } from './find-rows.ts'
import { namedTasks } from './read-leaderboard.ts'
import { inOneLine } from './system-name.ts'

/** Which rows are compared, and over what. */
export interface PairingQuery {
  /** Names of rows: a model, with `@REVISION`, `[PARTS]` or `#PARTS` behind it. */
  readonly a: string
  readonly b: string
  /** As of a leaderboard; empty for every task that either has. */
  readonly tasks: readonly string[]
}

export const PairedRow = z.object({
  /** Fits this row of the board alone. */
  name: z.string(),
  model: z.string(),
  revision: z.string(),
  variant: z.string(),
  config: Config.nullable(),
  fullDimensions: z.number().nullable(),
  origin: z.enum(['ours', 'published']),
  recipe: z.string().nullable(),
})
export type PairedRow = z.infer<typeof PairedRow>

const PairedSide = z.object({
  score: z.number(),
  /** Artifact with the scores by query; null where none are stored. */
  perQuery: z.string().nullable(),
})

export const PairedEntry = z.object({
  /** A component of the task where that is an aggregate. */
  task: z.string(),
  subset: z.string(),
  split: z.string(),
  mainScoreName: z.string(),
  /** Its part of the task's score. */
  share: z.number(),
  a: PairedSide,
  b: PairedSide,
})
export type PairedEntry = z.infer<typeof PairedEntry>

export const PairedTask = z.object({
  task: z.string(),
  mainScore: z.string(),
  /** Main scores over the entries both have: flat means (protocol 6.1). */
  a: z.number(),
  b: z.number(),
  /** Whether both were scored on one revision of the data; null where that is not said. */
  isSameData: z.boolean().nullable(),
  /** Entries (task, subset, split) the scores are over. */
  entryCount: z.number(),
  /** Empty where one of them has no scores by query of both: the task cannot be tested then. */
  entries: z.array(PairedEntry),
})
export type PairedTask = z.infer<typeof PairedTask>

export const LeftOut = z.object({
  task: z.string(),
  /** Null where the whole task is left out. */
  subset: z.string().nullable(),
  split: z.string().nullable(),
  why: z.string(),
})
export type LeftOut = z.infer<typeof LeftOut>

/** Two rows of the board over what both have: everything a paired test needs but the scores by query, which are artifacts. */
export const Pairing = z.object({ a: PairedRow, b: PairedRow, tasks: z.array(PairedTask), leftOut: z.array(LeftOut) })
export type Pairing = z.infer<typeof Pairing>

/** Reads the query of a URL. Throws `SB-SERVE-005` where a row is not named. */
export function parsePairingQuery(queries: Readonly<Record<string, readonly string[]>>): PairingQuery {
  const [a = '', b = ''] = [queries.a?.[0], queries.b?.[0]]
  const tasks = (queries.tasks ?? []).filter((text) => text !== '')
  if (a === '' || b === '') throw new SweepError('SB-SERVE-005', { message: 'a and b name two rows of the board' })
  return { a, b, tasks }
}

/** The same query as the parameters of a URL. */
export function pairingParams({ a, b, tasks }: PairingQuery): URLSearchParams {
  return new URLSearchParams([['a', a], ['b', b], ...tasks.map((task) => ['tasks', task])])
}

/**
 * Two rows of the board over what both have.
 *
 * @throws SweepError `SB-LEDGER-013` to `-015` for a name that is no row, or several; `SB-SPEC-004` where both are one row;
 *   `SB-LEDGER-016` where they have no task in common
 */
export function readPairing(reader: LedgerReader, { a: nameA, b: nameB, tasks: texts }: PairingQuery): Pairing {
  const models = reader.modelNames()
  const known = new Set(models)
  const find = (text: string) => {
    const name = parseRowName(text, (model) => known.has(model))
    return chooseRow(readRows(reader, matchModels(models, name.model)), text, name)
  }
  const [a, b] = [find(nameA), find(nameB)]
  if (isSameRow(a, b))
    throw new SweepError('SB-SPEC-004', { path: 'B', message: `it is the row that A is: ${inOneLine(a.name)}` })
  const named = texts.length === 0 ? null : namedTasks(reader, texts)
  const { tasks, leftOut } = pairTasks(sideOf(a, b), sideOf(b, a), named)
  if (tasks.length === 0)
    throw new SweepError('SB-LEDGER-016', { a: inOneLine(a.name), b: inOneLine(b.name), reason: sayWhy(leftOut) })
  return { a: headOf(a), b: headOf(b), tasks, leftOut }
}

function headOf({ name, model, revision, variant, config, fullDimensions, origin, recipe }: BoardRow): PairedRow {
  return { name, model, revision, variant, config, fullDimensions, origin, recipe }
}

function sayWhy(leftOut: readonly LeftOut[]): string {
  const whys = [...new Set(leftOut.map(({ why }) => why))]
  return whys.length === 1 ? (whys[0] as string) : ''
}

/** One (task, subset, split) of one of the rows. */
interface Entry {
  readonly task: string
  readonly subset: string
  readonly split: string
  readonly mainScoreName: string | null
  readonly score: number | null
  readonly perQuery: string | null
  readonly revision: string
  readonly limit: number | null
}

type Side = ReadonlyMap<string, Entry>

/** The entries of a row; of a published one those of the splits that are evaluated, and those the other row was scored on. */
function sideOf(row: BoardRow, other: BoardRow): Side {
  const wanted = new Set(other.cells.map(keyOf))
  const ours = row.cells.map(({ task, subset, split, mainScoreName, mainScore, perQuery, datasetRevision, limit }) => {
    return { task, subset, split, mainScoreName, score: mainScore, perQuery, revision: datasetRevision ?? '', limit }
  })
  const published = row.published
    .filter((entry) => wanted.has(keyOf(entry)) || (findTask(entry.task)?.evalSplits.includes(entry.split) ?? true))
    .map(({ task, subset, split, mainScore, datasetRevision }) => {
      return {
        task,
        subset,
        split,
        mainScoreName: null,
        score: mainScore,
        perQuery: null,
        revision: datasetRevision,
        limit: null,
      }
    })
  return new Map([...ours, ...published].map((entry) => [keyOf(entry), entry]))
}

function keyOf({ task, subset, split }: Pick<Entry, 'task' | 'subset' | 'split'>): string {
  return JSON.stringify([task, subset, split])
}

interface Both {
  readonly a: Entry
  readonly b: Entry
}

function pairTasks(a: Side, b: Side, named: readonly string[] | null): Pick<Pairing, 'tasks' | 'leftOut'> {
  const wanted = named === null ? null : new Set(unfoldAggregates(named))
  const byTask = Map.groupBy(
    [...new Map([...a, ...b])].filter(([, { task }]) => wanted === null || wanted.has(task)),
    ([, { task }]) => task,
  )
  const common = new Map<string, Both[]>()
  const leftOut: LeftOut[] = []
  for (const [task, entries] of byTask) {
    const found = pairEntries(entries, a, b)
    if (found.both.length > 0) common.set(task, found.both)
    leftOut.push(...(found.both.length > 0 ? found.leftOut : wholly(task, found.leftOut)))
  }
  const columns = foldAggregates([...common.keys()])
  const there = new Set(unfoldAggregates(columns))
  for (const task of named ?? []) {
    const isKnown = there.has(task) || byTask.has(task) || findAggregate(task)?.components.some((part) => byTask.has(part))
    if (!isKnown) leftOut.push({ task, subset: null, split: null, why: 'no result of either' })
  }
  const byName = (x: { readonly task: string }, y: { readonly task: string }) => (x.task < y.task ? -1 : x.task > y.task ? 1 : 0)
  return { tasks: columns.map((task) => pairTask(task, common)).sort(byName), leftOut: leftOut.sort(byName) }
}

/** A task none of whose entries can be compared is left out as one, where all of them lack the same. */
function wholly(task: string, leftOut: readonly LeftOut[]): LeftOut[] {
  const why = leftOut[0]?.why as string
  return leftOut.every((one) => one.why === why) ? [{ task, subset: null, split: null, why }] : [...leftOut]
}

function pairEntries(entries: readonly (readonly [string, Entry])[], a: Side, b: Side): { both: Both[]; leftOut: LeftOut[] } {
  const both: Both[] = []
  const leftOut: LeftOut[] = []
  for (const [key, { task, subset, split }] of entries) {
    const [own, its] = [a.get(key), b.get(key)]
    const why = whyNot(own, its)
    if (why !== null) leftOut.push({ task, subset, split, why })
    else both.push({ a: own as Entry, b: its as Entry })
  }
  return { both, leftOut }
}

function whyNot(a: Entry | undefined, b: Entry | undefined): string | null {
  if (a === undefined) return 'no result of A'
  if (b === undefined) return 'no result of B'
  if (a.score === null) return 'the score of A is undefined'
  if (b.score === null) return 'the score of B is undefined'
  if (a.limit !== b.limit) return `only limited data of ${a.limit === null ? 'B' : 'A'}`
  return null
}

/** A task of the board: its own entries, or those of its components where it is an aggregate. */
function pairTask(task: string, common: ReadonlyMap<string, readonly Both[]>): PairedTask {
  const own = common.get(task)
  const parts = own === undefined ? (findAggregate(task)?.components ?? []) : [task]
  const entries = parts.flatMap((part) => {
    const both = common.get(part) as readonly Both[]
    return both.map((one) => ({ ...one, share: 1 / (parts.length * both.length) }))
  })
  const sum = (side: 'a' | 'b') => entries.reduce((total, one) => total + one.share * (one[side].score as number), 0)
  const nameOf = ({ a, b }: Both) => a.mainScoreName ?? b.mainScoreName ?? findTask(a.task)?.mainScore ?? 'main score'
  const sides = ({ score, perQuery }: Entry) => ({ score: score as number, perQuery })
  const isTestable = entries.every(({ a, b }) => a.perQuery !== null && b.perQuery !== null)
  return {
    task,
    mainScore: findAggregate(task)?.mainScore ?? nameOf(entries[0] as Both),
    a: sum('a'),
    b: sum('b'),
    isSameData: isSameData(entries),
    entryCount: entries.length,
    entries: (isTestable ? entries : []).map((one) => {
      const { subset, split } = one.a
      const place = { task: one.a.task, subset, split, mainScoreName: nameOf(one), share: one.share }
      return { ...place, a: sides(one.a), b: sides(one.b) }
    }),
  }
}

/** Two cells of the board are of one data set (`shownTasks`), whatever it is called. */
function isSameData(entries: readonly Both[]): boolean | null {
  if (entries.every(({ a, b }) => a.mainScoreName !== null && b.mainScoreName !== null)) return true
  if (entries.some(({ a, b }) => a.revision !== '' && b.revision !== '' && a.revision !== b.revision)) return false
  return entries.every(({ a, b }) => a.revision !== '' && b.revision !== '') ? true : null
}
