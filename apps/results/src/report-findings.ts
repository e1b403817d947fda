import type { ReportDelta, ReportEntry, ReportSystem, SweepReport } from './report.ts'
import type { ResourceRow } from './resources.ts'

type Parts = Pick<SweepReport, 'systems' | 'entries' | 'baseline' | 'deltas' | 'resources' | 'failures'>

const LEVEL = 0.05

/** What the numbers say, a sentence each: no number here that is not in the report, no cause that was not measured. */
export function sayFindings(parts: Parts): string[] {
  return [
    ...sayBest(parts),
    ...sayAgainstBaseline(parts),
    ...saySizes(parts),
    ...saySpeed(parts.resources),
    ...sayCuts(parts.resources),
    ...sayFailures(parts),
  ]
}

function* sayBest({ systems, entries }: Parts): Iterable<string> {
  const ranked = systems.filter(({ mean }) => mean !== null).sort((a, b) => (b.mean as number) - (a.mean as number))
  const [first, second] = ranked
  if (first === undefined) return
  const taskCount = new Set(entries.map(({ task }) => task)).size
  const tasks = entries.length === 1 ? `on ${entryName(entries[0] as ReportEntry)}` : `over ${count(taskCount, 'task', 'tasks')}`
  const next = second === undefined ? '' : `; next is ${second.name} with ${show(second.mean)}`
  yield `${first.name} has the highest Mean (Task) ${tasks}: ${show(first.mean)}${next}.`
  if (systems.length > ranked.length)
    yield `${systems.length - ranked.length} of ${systems.length} systems lack a score and have no mean.`
}

function* sayAgainstBaseline({ systems, entries, baseline, deltas }: Parts): Iterable<string> {
  if (baseline === null) return
  const base = systems[baseline] as ReportSystem
  for (const system of systems) {
    const own = deltas.filter((one) => one.system === system.id)
    if (own.length === 0) continue
    const tested = own.filter((one) => one.pHolm !== null)
    if (tested.length === 0) {
      yield `${system.name} against ${base.name}: ${describe(own, entries)}; without scores by query it cannot be said whether that is chance.`
      continue
    }
    const isTold = (one: ReportDelta) => one.pHolm !== null && one.pHolm <= LEVEL
    const [better, worse] = [
      tested.filter((one) => isTold(one) && one.delta > 0),
      tested.filter((one) => isTold(one) && one.delta < 0),
    ]
    if (better.length === 0 && worse.length === 0)
      yield `${system.name} cannot be told from ${base.name} on ${count(tested.length, 'task entry', 'task entries')} (Holm, p > ${LEVEL}): ${describe(tested, entries)}.`
    if (better.length > 0)
      yield `${system.name} is better than ${base.name} on ${describe(better, entries)} (Holm, p ≤ ${LEVEL}).`
    if (worse.length > 0) yield `${system.name} is worse than ${base.name} on ${describe(worse, entries)} (Holm, p ≤ ${LEVEL}).`
  }
}

const LISTED = 3

function describe(deltas: readonly ReportDelta[], entries: readonly ReportEntry[]): string {
  const sorted = [...deltas].sort((a, b) => Math.abs(b.delta) - Math.abs(a.delta))
  const shown = sorted.slice(0, LISTED).map((one) => `${entryName(entries[one.entry] as ReportEntry)} ${signed(one.delta)}`)
  return [...shown, ...(sorted.length > LISTED ? [`${sorted.length - LISTED} more`] : [])].join(', ')
}

/** The largest model against the smallest, where their sizes are known. */
function* saySizes({ systems }: Parts): Iterable<string> {
  const sized = systems.filter((one) => sizeOf(one) !== null && one.mean !== null)
  const bySize = sized.toSorted(
    (a, b) => (sizeOf(a) as number) - (sizeOf(b) as number) || (b.mean as number) - (a.mean as number),
  )
  const [small, large] = [bySize[0], bySize.findLast((one) => sizeOf(one) === sizeOf(bySize.at(-1) as ReportSystem))]
  if (small === undefined || large === undefined || small.model === large.model) return
  const ratio = (sizeOf(large) as number) / (sizeOf(small) as number)
  const best = sized
    .filter((one) => one.model === large.model)
    .toSorted((a, b) => (b.mean as number) - (a.mean as number))[0] as ReportSystem
  const gain = (best.mean as number) - (small.mean as number)
  yield `${best.name} is ${ratio.toFixed(1)} times as large as ${small.name}; its Mean (Task) is ${Math.abs(gain).toFixed(4)} ${gain >= 0 ? 'higher' : 'lower'}.`
}

/** What stands for a system's size: parameters where known, else bytes of its weights over four. */
export function sizeOf({ parameterCount, weightsBytes }: Pick<ReportSystem, 'parameterCount' | 'weightsBytes'>): number | null {
  if (parameterCount !== null && parameterCount > 0) return parameterCount
  return weightsBytes === null ? null : weightsBytes / 4
}

function* saySpeed(resources: readonly ResourceRow[]): Iterable<string> {
  const timed = resources.filter(({ textsPerSecond }) => textsPerSecond !== null)
  const sorted = timed.toSorted((a, b) => (b.textsPerSecond as number) - (a.textsPerSecond as number))
  const [first, last] = [sorted[0], sorted.at(-1)]
  if (first === undefined || last === undefined || first === last) return
  const ratio = (first.textsPerSecond as number) / (last.textsPerSecond as number)
  if (ratio < 1.1) return
  yield `${first.model} encodes fastest, ${(first.textsPerSecond as number).toFixed(0)} texts/s: ${ratio.toFixed(1)} times ${last.model} (${(last.textsPerSecond as number).toFixed(0)} texts/s).`
}

function* sayCuts(resources: readonly ResourceRow[]): Iterable<string> {
  for (const { model, variant, truncatedCount, textCount } of resources) {
    if (truncatedCount === 0) continue
    const name = variant ? `${model} [${variant}]` : model
    yield `${name} saw ${truncatedCount} of ${textCount} texts cut at its length limit (${((100 * truncatedCount) / textCount).toFixed(1)} %).`
  }
}

function* sayFailures({ failures }: Parts): Iterable<string> {
  if (failures.length === 0) return
  const codes = [...new Set(failures.map(({ code }) => code))].join(', ')
  yield `${count(failures.length, 'cell', 'cells')} failed (${codes}) and ${failures.length === 1 ? 'is' : 'are'} missing from every mean above.`
}

export function entryName({ task, subset, split }: Pick<ReportEntry, 'task' | 'subset' | 'split'>): string {
  const parts = [subset === 'default' ? '' : subset, split === 'test' ? '' : split].filter(Boolean)
  return parts.length === 0 ? task : `${task} (${parts.join(', ')})`
}

function show(value: number | null): string {
  return value === null ? '·' : value.toFixed(4)
}

export function signed(value: number): string {
  return `${value >= 0 ? '+' : '−'}${Math.abs(value).toFixed(4)}`
}

function count(n: number, one: string, many: string): string {
  return `${n} ${n === 1 ? one : many}`
}
