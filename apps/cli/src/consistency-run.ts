import { SweepError } from '@sweepboard/contracts'
import type { ComparedEngine, ConsistencyRow } from '@sweepboard/ledger'
import type { NamedModel } from '@sweepboard/planner'
import type { HubSettings } from '@sweepboard/tasks'
import { type ConsistencyNumbers, measure, stepCount } from './consistency-measure.ts'
import { type ConsistencySide, type EngineFacts, findSide, type SidePlace } from './consistency-side.ts'
import { type ConsistencyTexts, probeTexts, taskTexts } from './consistency-texts.ts'
import { type ConsistencyVerdict, judge, type VerdictOptions } from './consistency-verdict.ts'
import { codeVersion } from './context.ts'
import { findTask } from './find-task.ts'
import { printNote } from './output.ts'
import { CountPrinter } from './progress.ts'

export interface CompareOptions extends SidePlace, VerdictOptions {
  /** A task's texts; the built-in probe set where absent. */
  readonly task: string | undefined
  readonly datasets: string | undefined
  readonly hub: HubSettings
  /** Documents taken of a task. */
  readonly limit: number
  /** Texts named that lie farthest apart. */
  readonly worst: number
  readonly threads: number | undefined
  readonly signal: AbortSignal
}

export interface Sides {
  readonly a: ConsistencySide
  readonly b: ConsistencySide
}

export interface Compared {
  readonly sides: Sides
  readonly numbers: ConsistencyNumbers
  readonly verdict: ConsistencyVerdict
  readonly row: ConsistencyRow
}

/** Compares two engines of one model, with progress and warnings on stderr. Records nothing. */
export async function compareTwo([a, b]: readonly [NamedModel, NamedModel], options: CompareOptions): Promise<Compared> {
  const texts = await findTexts(options)
  const sides = { a: await findSide(a, texts, options), b: await findSide(b, texts, options) }
  for (const warning of new Set([...sides.a.warnings, ...sides.b.warnings])) printNote(`note: ${warning}`)
  const progress = new CountPrinter(sides.a.kind === 'scores' ? 'pairs' : 'texts', stepCount(texts, sides.a.kind))
  try {
    const numbers = await measure(sides.a, sides.b, texts, { ...options, onStep: () => progress.step() })
    const verdict = judge(numbers, options)
    return { sides, numbers, verdict, row: rowOf(sides, { texts, numbers, verdict }) }
  } finally {
    progress.finish()
  }
}

async function findTexts({ task, specDir, datasets, hub, limit, signal }: CompareOptions): Promise<ConsistencyTexts> {
  if (task === undefined) return probeTexts()
  const { tasks, warnings } = findTask({ task }, { spec: null, specDir, datasets, hub })
  for (const warning of warnings) printNote(`note: ${warning}`)
  const [first, ...more] = tasks
  if (first === undefined) throw new SweepError('SB-SPEC-005', { task })
  const { task: name, subset, split } = first.ref
  if (more.length > 0) printNote(`note: of ${tasks.length} data sets only ${name} (${subset}, ${split}) is read`)
  return taskTexts(first, { limit, hub, signal })
}

function rowOf(
  sides: Sides,
  by: { readonly texts: ConsistencyTexts; readonly numbers: ConsistencyNumbers; readonly verdict: ConsistencyVerdict },
): ConsistencyRow {
  const { texts, numbers, verdict } = by
  const compared = ({ load }: ConsistencySide, { engine, version, dtype, provider }: EngineFacts): ComparedEngine => ({
    model: load.model,
    revision: load.revision,
    load: load.key,
    engine,
    version,
    dtype,
    provider,
  })
  const { a, b, ...rest } = numbers
  const agreement = numbers.kind === 'embeddings' ? numbers.vectors.cosine.mean : numbers.scores.composite
  return {
    at: new Date().toISOString(),
    a: compared(sides.a, a),
    b: compared(sides.b, b),
    kind: numbers.kind,
    texts: texts.name,
    holds: verdict.holds,
    agreement: Number.isNaN(agreement) ? null : agreement,
    // through JSON, so that what is undefined is null in the row, in the answer and on the wire alike
    verdict: JSON.parse(JSON.stringify(verdict)),
    numbers: JSON.parse(JSON.stringify(rest)),
    code: codeVersion(),
  }
}
