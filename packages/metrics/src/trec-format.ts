/** One malformed line; `line` counts from 1, comments and blank lines included. */
export interface TrecMistake {
  readonly file: string
  readonly line: number
  readonly message: string
}

/** Thrown when a run or qrels file is refused; holds every mistake of the file. */
export class TrecFormatError extends Error {
  override readonly name = 'TrecFormatError'
  readonly mistakes: readonly TrecMistake[]

  constructor(mistakes: readonly TrecMistake[]) {
    const shown = mistakes.slice(0, 5).map(({ file, line, message }) => `${file}:${line}: ${message}`)
    const more = mistakes.length > shown.length ? ` (and ${mistakes.length - shown.length} more)` : ''
    super(`${shown.join('; ')}${more}`)
    this.mistakes = mistakes
  }
}

/** A run file: per query, in order of first appearance, the documents in file order. */
export interface TrecRun {
  /** Run id of the last line, as trec_eval takes it; null for a file without a line. */
  readonly runId: string | null
  readonly queries: ReadonlyMap<string, TrecResults>
}

/** Documents found for one query; the arrays are parallel. */
export interface TrecResults {
  readonly documentIds: readonly string[]
  readonly scores: Float64Array
}

/** A qrels file: query id -> document id -> grade. */
export type TrecQrels = ReadonlyMap<string, ReadonlyMap<string, number>>

const NUMBER = /^[+-]?(?:(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?|inf(?:inity)?)$/i
const INTEGER = /^[+-]?\d+$/

/**
 * Parses a TREC run: `qid Q0 docno rank score runid`, fields parted by ASCII white space, more fields ignored, as is the rank.
 * Blank lines and lines beginning with `#` are skipped; a `#` elsewhere belongs to its field.
 * Unlike trec_eval, a score that is no number (NaN included) and a document repeated for one query are refused here.
 *
 * @param file name used in mistakes
 * @throws TrecFormatError with every mistake
 */
export function parseTrecRun(text: string, file: string): TrecRun {
  const mistakes: TrecMistake[] = []
  const queries = new Map<string, Map<string, number>>()
  let runId: string | null = null
  for (const { line, fields } of contentLines(text)) {
    const [query = '', , document = '', , score = '', run] = fields
    if (run === undefined) {
      mistakes.push({ file, line, message: `expected "qid Q0 docno rank score runid", found ${fields.length} fields` })
      continue
    }
    if (!NUMBER.test(score)) mistakes.push({ file, line, message: `the score "${score}" is no number` })
    if (!addOnce(queries, query, document, readNumber(score))) {
      mistakes.push({ file, line, message: `document ${document} was already listed for query ${query}` })
    }
    runId = run
  }
  if (mistakes.length > 0) throw new TrecFormatError(mistakes)
  return { runId, queries: new Map(Array.from(queries, ([query, found]) => [query, resultsOf(found)])) }
}

/**
 * Parses TREC relevance judgements: `qid iter docno grade`, exactly four fields, the grade an integer. Blank lines and lines
 * beginning with `#` are skipped. A document judged twice for one query is refused.
 *
 * @param file name used in mistakes
 * @throws TrecFormatError with every mistake
 */
export function parseTrecQrels(text: string, file: string): TrecQrels {
  const mistakes: TrecMistake[] = []
  const qrels = new Map<string, Map<string, number>>()
  for (const { line, fields } of contentLines(text)) {
    const [query = '', , document = '', grade = ''] = fields
    if (fields.length !== 4) {
      mistakes.push({ file, line, message: `expected "qid iter docno grade", found ${fields.length} fields` })
      continue
    }
    const value = Number(grade)
    if (!INTEGER.test(grade) || (value | 0) !== value) {
      mistakes.push({ file, line, message: `the grade "${grade}" is no 32-bit integer` })
    }
    if (!addOnce(qrels, query, document, value)) {
      mistakes.push({ file, line, message: `document ${document} was already judged for query ${query}` })
    }
  }
  if (mistakes.length > 0) throw new TrecFormatError(mistakes)
  return qrels
}

function* contentLines(text: string): Generator<{ line: number; fields: string[] }> {
  let line = 0
  for (const content of text.split('\n')) {
    line++
    // C's isspace: other Unicode spaces belong to the field
    const fields = content.split(/[ \t\v\f\r]+/).filter((field) => field !== '')
    if (fields.length > 0 && !fields[0]?.startsWith('#')) yield { line, fields }
  }
}

function addOnce(queries: Map<string, Map<string, number>>, query: string, document: string, value: number): boolean {
  const found = queries.get(query) ?? new Map<string, number>()
  queries.set(query, found)
  const isNew = !found.has(document)
  found.set(document, value)
  return isNew
}

function readNumber(text: string): number {
  if (!/inf/i.test(text)) return Number(text)
  return text.startsWith('-') ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY
}

function resultsOf(found: ReadonlyMap<string, number>): TrecResults {
  return { documentIds: [...found.keys()], scores: Float64Array.from(found.values()) }
}
