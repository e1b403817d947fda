import { findBenchmark, findTask, listTasks } from './catalog.ts'
import { listShippedTasks } from './shipped.ts'

/** One task of an expanded pattern; null = the task's own splits, all of its subsets. */
export interface ExpandedTask {
  readonly name: string
  readonly splits: readonly string[] | null
  readonly subsets: readonly string[] | null
}

const escapeRegex = (text: string) => text.replace(/[.+?^${}()|[\]\\]/g, '\\$&')
const own = (name: string): ExpandedTask => ({ name, splits: null, subsets: null })

function ofBenchmark(name: string, type: string | null): ExpandedTask[] | null {
  const benchmark = findBenchmark(name)
  if (!benchmark) return null
  return benchmark.tasks.flatMap((member) => {
    const task = findTask(member)
    if (!task || (type !== null && task.type !== type)) return []
    const use = task.benchmarks[benchmark.name]
    return [{ name: member, splits: use?.evalSplits ?? null, subsets: !use || use.subsets === 'all' ? null : use.subsets }]
  })
}

/**
 * What a task entry of a spec stands for: a name (itself, known or not), a glob over catalog and shipped names (`*`, any
 * letters; none matching = empty), or a benchmark, narrowed to a type if one follows: `MTEB(cmn, v1):Retrieval`, aliases
 * included, with the splits and subsets that benchmark uses. A benchmark without a task of that type = empty.
 */
export function expandTaskPattern(pattern: string): ExpandedTask[] {
  const whole = ofBenchmark(pattern, null)
  if (whole) return whole
  const colon = pattern.lastIndexOf(':')
  const narrowed = colon > 0 ? ofBenchmark(pattern.slice(0, colon), pattern.slice(colon + 1)) : null
  if (narrowed) return narrowed
  if (!pattern.includes('*')) return [own(pattern)]
  const glob = new RegExp(`^${escapeRegex(pattern).replaceAll('*', '.*')}$`, 's')
  const names = [...listShippedTasks(), ...listTasks().map((task) => task.name)]
  return names.filter((name) => glob.test(name)).map(own)
}
