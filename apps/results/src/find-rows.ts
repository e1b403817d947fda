import { SweepError } from '@sweepboard/contracts'
import { closest } from '@sweepboard/tasks'
import type { BoardRow } from './board-rows.ts'
import { inOneLine } from './system-name.ts'

/** A row as somebody names it. */
interface RowName {
  readonly model: string
  /** First characters of the revision; empty where none is named. */
  readonly revision: string
  /** What is said beside the model; null where nothing is. */
  readonly parts: string | null
}

/** Rows listed where a name may be several. */
const LISTED = 12

/** Longer names than this are not looked for among those that are nearly so. */
const LONGEST = 200

/** Reads `MODEL`, `MODEL@REVISION`, and either with `[PARTS]` or `#PARTS` behind it; `isModel` says which names are whole as they are. */
export function parseRowName(text: string, isModel: (name: string) => boolean): RowName {
  if (isModel(text)) return { model: text, revision: '', parts: null }
  const open = text.endsWith(']') ? text.indexOf('[') : -1
  const bare = open < 0 ? text : text.slice(0, open).trimEnd()
  const hash = isModel(bare) ? -1 : bare.indexOf('#')
  const named = hash < 0 ? bare : bare.slice(0, hash)
  const parts = [...(hash < 0 ? [] : [bare.slice(hash + 1)]), ...(open < 0 ? [] : [text.slice(open + 1, -1)])]
  const at = isModel(named) ? -1 : named.lastIndexOf('@')
  return {
    model: at > 0 ? named.slice(0, at) : named,
    revision: at > 0 ? named.slice(at + 1) : '',
    parts: parts.length === 0 ? null : parts.join(', '),
  }
}

/**
 * The models a name means: the one that is called so, else those called so after the last `/` (of a name without organisation, or of a
 * path), else those whose name holds it; case counts in the first only. Throws `SB-LEDGER-013`, with the nearest name, where there is none.
 */
export function matchModels(models: readonly string[], wanted: string): readonly string[] {
  if (models.includes(wanted)) return [wanted]
  const lower = wanted.toLowerCase()
  const isOpen = !wanted.includes('/') || /^[./~]/.test(wanted)
  const ofLastPart = isOpen ? models.filter((model) => lastPart(model) === lastPart(wanted)) : []
  if (ofLastPart.length > 0) return ofLastPart
  const holding = lower === '' ? [] : models.filter((model) => model.toLowerCase().includes(lower))
  if (holding.length > 0) return holding
  const suggestion = nearModel(models, wanted)
  throw new SweepError('SB-LEDGER-013', { model: wanted, suggestion: suggestion === null ? undefined : inOneLine(suggestion) })
}

function nearModel(models: readonly string[], wanted: string): string | null {
  if (wanted.length > LONGEST) return null
  const whole = closest(wanted, models)
  if (whole !== null) return whole
  const last = closest(lastPart(wanted), models.map(lastPart))
  return last === null ? null : (models.find((model) => lastPart(model) === last) ?? null)
}

/** The name after its organisation, in small letters. */
export function lastPart(name: string): string {
  return name.slice(name.lastIndexOf('/') + 1).toLowerCase()
}

/**
 * The rows that a name fits. A row's own name fits it alone; else those of the named revision that have every part named, and where some
 * have these parts and no others, they alone.
 */
export function fittingRows(rows: readonly BoardRow[], text: string, { revision, parts }: RowName): readonly BoardRow[] {
  const named = rows.filter(({ name }) => name === text)
  if (named.length > 0) return named
  const ofRevision = rows.filter((row) => row.revision.startsWith(revision))
  if (parts === null) return ofRevision
  const exact = ofRevision.filter((row) => row.parts.join(', ') === parts)
  if (exact.length > 0) return exact
  const wanted = parts.split(',').map((part) => part.trim())
  return ofRevision.filter((row) => {
    const own = row.parts.flatMap((part) => part.split(',')).map((part) => part.trim())
    return wanted.every((part) => own.includes(part) || (row.recipe?.startsWith(part) === true && part.length >= 7))
  })
}

/**
 * The one row a name means: without parts the model's own recipe and main config, and ours before a published one of that model.
 * Throws `SB-LEDGER-015` where no row fits and `SB-LEDGER-014` where several do, with their names.
 */
export function chooseRow(rows: readonly BoardRow[], text: string, name: RowName): BoardRow {
  const fitting = fittingRows(rows, text, name)
  if (fitting.length === 0) throw new SweepError('SB-LEDGER-015', { name: text, names: listNames(rows) })
  const main = name.parts === null ? preferred(fitting, ({ isDefault }) => isDefault) : fitting
  const own = preferred(main, ({ origin }) => origin === 'ours')
  const [row, ...others] = own
  if (row === undefined || others.length > 0)
    throw new SweepError('SB-LEDGER-014', { name: text, count: own.length, names: listNames(own) })
  return row
}

function preferred(rows: readonly BoardRow[], is: (row: BoardRow) => boolean): readonly BoardRow[] {
  const found = rows.filter(is)
  return found.length > 0 ? found : rows
}

/** Names of rows in lines of their own, the first of many. */
export function listNames(rows: readonly BoardRow[]): string {
  const names = rows.slice(0, LISTED).map(({ name }) => `"${inOneLine(name)}"`)
  return [...names, ...(rows.length > LISTED ? [`and ${rows.length - LISTED} more`] : [])].map((name) => `\n  ${name}`).join('')
}
