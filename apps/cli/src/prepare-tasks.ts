import { type Mistake, type Plan, type PreparedTask, SweepError, taskKey } from '@sweepboard/contracts'
import { type HubSettings, TaskPreparer } from '@sweepboard/tasks'
import { printNote } from './output.ts'

/** Tasks read at once: each is a child process that holds a data set. */
const AT_ONCE = 2

export interface PrepareOptions {
  /** The sweep file, for the words of a refusal. */
  readonly file: string
  readonly artifactFolder: string
  readonly hub: HubSettings
  readonly signal?: AbortSignal
  /** Called once for each task, in the order they end. */
  readonly onPrepared?: (prepared: PreparedTask) => Promise<void> | void
}

/**
 * Reads every task of a plan once, before anything of the sweep is recorded, so that bad data refuses the sweep whole: the
 * mistakes of all tasks come in one error, each with file and line.
 * @throws SweepError the task's own where one task is at fault, `SB-SPEC-001` with all mistakes where several are;
 *   `SB-CORE-004` when aborted
 */
export async function prepareTasks(plan: Plan, options: PrepareOptions): Promise<PreparedTask[]> {
  const refs = [...new Map(plan.groups.map(({ task }) => [taskKey(task), task])).values()]
  const prepared: PreparedTask[] = []
  const refused: SweepError[] = []
  const waiting = refs[Symbol.iterator]()
  const told = new Set<string>()
  const onNote = (note: string) => {
    // One for all subsets of a repository.
    if (!told.has(note)) printNote(`note: ${note}`)
    told.add(note)
  }
  const preparers = Array.from({ length: AT_ONCE }, () => new TaskPreparer(options.artifactFolder, { hub: options.hub, onNote }))
  const work = async (preparer: TaskPreparer) => {
    for (const ref of waiting) {
      try {
        const done = await preparer.prepare(ref, options.signal)
        await options.onPrepared?.(done)
        prepared.push(done)
      } catch (thrown) {
        if (!(thrown instanceof SweepError) || thrown.kind !== 'invalid') throw thrown
        refused.push(thrown)
      }
    }
  }
  try {
    await Promise.all(preparers.map(work))
  } finally {
    for (const preparer of preparers) preparer.close()
  }
  if (refused.length === 1) throw refused[0]
  const mistakes = refused.flatMap((error) => (error.mistakes.length > 0 ? error.mistakes : [asMistake(error)]))
  if (mistakes.length > 0) throw new SweepError('SB-SPEC-001', { file: options.file, count: mistakes.length }, { mistakes })
  return prepared
}

function asMistake({ code, message, fix }: SweepError): Mistake {
  return { code, message: message.slice(code.length + 2), fix }
}

/** What was odd in the data without being a mistake, one line a task: judgments of unknown ids, empty texts, unjudged queries. */
export function describeData(plan: Plan, prepared: readonly PreparedTask[]): string[] {
  const refs = new Map(plan.groups.map(({ task }) => [taskKey(task), task]))
  return prepared.flatMap(({ key, counts }) => {
    const parts = [
      [counts.unknownQueryCount, 'judgments name an unknown query'],
      [counts.unknownDocumentCount, 'judgments name an unknown document'],
      [counts.unjudgedQueryCount, 'queries have no judgment and are left out'],
      [counts.emptyTextCount, 'texts are empty'],
    ].flatMap(([count, words]) => (count === 0 ? [] : [`${count} ${words}`]))
    const ref = refs.get(key)
    return parts.length === 0 || ref === undefined ? [] : [`${ref.task} (${ref.subset}, ${ref.split}): ${parts.join('; ')}`]
  })
}
