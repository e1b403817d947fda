import { sha256 } from '@sweepboard/contracts'
import type { CellsOrigin, ModelCell } from '@sweepboard/ledger'
import { z } from 'zod'

/** One field in which a result differs from the one before it. */
export const Change = z.object({ field: z.string(), from: z.string(), to: z.string() })
export type Change = z.infer<typeof Change>

interface Side {
  readonly cells: readonly ModelCell[]
  readonly origin: CellsOrigin
}

/** Fields that name a version of the same thing: its weights, its engine's build, our code. */
const VERSIONS = /(^|\.)(revision|weights|fingerprint)$|^(engine version|code)$/

/** Longest list of subsets or data sets that is written out. */
const LONGEST = 200

/** Whether nothing but versions differs between two results, and at least one does. */
export function isVersionOnly(changes: readonly Change[]): boolean {
  return changes.length > 0 && changes.every(({ field }) => VERSIONS.test(field))
}

/** What differs between two results of one name: model, engine, recipe, config, data, device and code, a field each. */
export function changesBetween(before: Side, after: Side): Change[] {
  const [old, now] = [fieldsOf(before), fieldsOf(after)]
  return [...new Set([...old.keys(), ...now.keys()])].flatMap((field) => {
    const [from = '', to = ''] = [old.get(field), now.get(field)]
    return from === to ? [] : [{ field, from, to }]
  })
}

function fieldsOf({ cells, origin }: Side): Map<string, string> {
  const [first] = cells as [ModelCell]
  const list = (texts: readonly string[]) => texts.join(', ')
  const { engine, ...load } = origin.load
  return new Map([
    ['revision', first.revision],
    ['engine', engine],
    ['engine version', list(origin.engines)],
    ...flatten('', load),
    ...flatten('recipe', origin.recipe),
    ...flatten('config', first.config),
    ['data', brief([...new Set(cells.map(nameData))])],
    ['entries', brief(cells.map(({ subset, split }) => `${subset}/${split}`))],
    ['device', list(origin.devices)],
    ['code', list(origin.codes)],
  ])
}

/** A list, or of a long one its length and a digest. */
function brief(texts: readonly string[]): string {
  const list = texts.toSorted().join(', ')
  return list.length <= LONGEST ? list : `${texts.length} (${sha256(list).slice(0, 7)})`
}

/** A revision where the data has one; two data sets of one revision differ by their digests. */
function nameData({ datasetRevision, data }: ModelCell): string {
  const digests = data.split(' ').map((digest) => digest.slice(0, 7))
  return [datasetRevision ?? '', digests.join('-')].filter(Boolean).join(' ')
}

function flatten(path: string, value: unknown): [string, string][] {
  if (value === null || value === undefined) return []
  if (typeof value !== 'object') return [[path, String(value)]]
  return Object.entries(value).flatMap(([key, one]) => flatten(path === '' ? key : `${path}.${key}`, one))
}
