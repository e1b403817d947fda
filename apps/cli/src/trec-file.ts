import { readFileSync } from 'node:fs'
import { SweepError } from '@sweepboard/contracts'
import {
  parseTrecQrels,
  parseTrecRun,
  TrecFormatError,
  type TrecQrels,
  type TrecRun,
  UnknownMeasureError,
} from '@sweepboard/metrics'
import { closest } from '@sweepboard/tasks'

/** As many as of a task's files. */
const LISTED_MISTAKES = 50

/** A TREC run file. Throws `SB-FILE-001`, or `SB-SCORE-003` with the number of mistakes and the first 50 of them. */
export function readTrecRun(file: string): TrecRun {
  return parse(file, parseTrecRun)
}

/** A TREC qrels file. Throws as `readTrecRun` does. */
export function readTrecQrels(file: string): TrecQrels {
  return parse(file, parseTrecQrels)
}

function parse<T>(file: string, parser: (text: string, file: string) => T): T {
  try {
    return parser(read(file), file)
  } catch (thrown) {
    if (!(thrown instanceof TrecFormatError)) throw thrown
    const listed = thrown.mistakes.slice(0, LISTED_MISTAKES).map((m) => ({
      code: 'SB-SCORE-003' as const,
      message: m.message,
      fix: 'A run line is `qid Q0 docid rank score tag`, a qrels line `qid 0 docid grade`.',
      file: m.file,
      line: m.line,
    }))
    const [first] = thrown.mistakes
    const count = thrown.mistakes.length
    const more = count > 1 ? ` (and ${count - 1} more)` : ''
    const details = { file: first?.file, line: first?.line, message: `${first?.message}${more}` }
    throw new SweepError('SB-SCORE-003', details, { cause: thrown, mistakes: listed })
  }
}

/** Without a byte order mark, which would be part of the first query's id. */
function read(file: string): string {
  try {
    return readFileSync(file, 'utf8').replace(/^\uFEFF/, '')
  } catch (cause) {
    throw new SweepError('SB-FILE-001', { file, message: (cause as Error).message }, { cause })
  }
}

/** `P.5,10,map` -> `P.5,10`, `map`: a bare number belongs to the measure before it. */
export function splitMeasures(list: string): string[] {
  const names: string[] = []
  for (const part of list.split(',')) {
    if (/^[\d.]+$/.test(part) && names.length > 0) names.push(`${names.pop()},${part}`)
    else names.push(part)
  }
  return names
}

/** A measure that trec_eval does not have as `SB-SCORE-006`, with the nearest one it has; any other failure as it is. */
export function asMeasureError(thrown: unknown): unknown {
  if (!(thrown instanceof UnknownMeasureError)) return thrown
  const { unknown, known, withCutOffs } = thrown
  const near = unknown.flatMap((name) => nearMeasure(name, thrown) ?? [])
  const details = {
    unknown: unknown.join(', '),
    known: known.map((name) => (withCutOffs.includes(name) ? `${name}[.K]` : name)).join(', '),
    suggestion: near.length > 0 ? [...new Set(near)].join(', ') : undefined,
  }
  return new SweepError('SB-SCORE-006', details, { cause: thrown })
}

/** MTEB's families as trec_eval calls them. */
const TREC_NAMES: Readonly<Record<string, string>> = { ndcg: 'ndcg_cut', recall: 'recall', precision: 'P', map: 'map_cut' }

function nearMeasure(name: string, { known, withCutOffs }: UnknownMeasureError): string | null {
  const [, family = '', cutOff = ''] = /^([a-z]+)(?:_at_|@)(\d+)$/.exec(name) ?? []
  const same = TREC_NAMES[family]
  if (same !== undefined) return `${same}.${cutOff}`
  const [base = '', cutOffs] = name.split('.')
  const near = closest(base, known)
  return near !== null && cutOffs && /^[\d,]+$/.test(cutOffs) && withCutOffs.includes(near) ? `${near}.${cutOffs}` : near
}
