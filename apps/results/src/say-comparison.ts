import type { ComparedTask, Comparison, QueryTest } from './comparison.ts'

type Parts = Omit<Comparison, 'sentence' | 'method'>

const LEVEL = 0.05
/** Tasks named in a sentence; more are counted. */
const LISTED = 3

/** Whether a task tells its two rows apart: by Holm over the tasks. */
export function isToldApart({ pHolm }: Pick<ComparedTask, 'pHolm'>): boolean {
  return pHolm !== null && pHolm <= LEVEL
}

/** Which row is better, or that it cannot be told, and why; wins and losses by query, and by task where there are several. */
export function sayComparison({ mean, tasks }: Parts): string {
  const [only] = tasks
  const isOne = tasks.length === 1 && only !== undefined
  const over = isOne ? ` on ${only.task}` : ` over ${tasks.length} tasks`
  const score = isOne ? only.mainScore : 'Mean (Task)'
  const { test, delta } = mean
  const higher = delta < 0 ? 'B' : 'A'
  const others = isOne ? [] : [sayTasks(tasks)]
  if (test === null) {
    const gap = isZero(delta)
      ? `A and B have the same ${score}${over}`
      : `${higher} has the higher ${score}${over}, by ${signed(Math.abs(delta))}`
    return [`${gap}; whether that is chance cannot be said: ${whyUntested(tasks)}.`, ...others].filter(Boolean).join(' ')
  }
  const doubt = `(95 %: ${showInterval(test.interval)}, ${showP(test.p)})`
  const verdict =
    test.p <= LEVEL && !isZero(delta)
      ? `${higher} is better${over}: A − B is ${signed(delta)} ${score} ${doubt}.`
      : `It cannot be told which is better${over}: A − B is ${signed(delta)} ${score} ${doubt}.`
  return [verdict, sayQueries(test), ...others].filter(Boolean).join(' ')
}

function sayQueries({ wins, losses, ties, queryCount }: QueryTest): string {
  return `A wins ${wins}, loses ${losses}, ties ${ties} of ${queryCount} ${queryCount === 1 ? 'query' : 'queries'}.`
}

/** By task, as far as they were tested. */
function sayTasks(tasks: readonly ComparedTask[]): string {
  const tested = tasks.filter(({ test }) => test !== null)
  if (tested.length === 0) return ''
  const [better, worse] = [1, -1].map((sign) => tested.filter((task) => isToldApart(task) && Math.sign(task.delta) === sign))
  const says = (side: string, won: readonly ComparedTask[] = []) =>
    `${side} is better on ${won.length === 0 ? 'none' : list(won)}`
  return `Task by task (Holm, p ≤ ${LEVEL}, ${tested.length} tested) ${says('A', better)}, ${says('B', worse)}.`
}

function list(tasks: readonly ComparedTask[]): string {
  const names = tasks.slice(0, LISTED).map(({ task }) => task)
  return tasks.length > LISTED ? `${tasks.length} (${names.join(', ')} and others)` : names.join(', ')
}

function whyUntested(tasks: readonly ComparedTask[]): string {
  const untested = tasks.filter(({ test }) => test === null)
  const whys = [...new Set(untested.map((task) => task.untested))].join('; ')
  return untested.length === tasks.length ? whys : `${whys} (${list(untested)})`
}

function isZero(delta: number): boolean {
  return Number(delta.toFixed(4)) === 0
}

/** A difference with its sign, four decimals; zero at those has none. */
export function signed(delta: number): string {
  return `${isZero(delta) ? '' : delta < 0 ? '−' : '+'}${Math.abs(delta).toFixed(4)}`
}

/** `+0.042 to +0.104`. */
export function showInterval({ low, high }: QueryTest['interval']): string {
  const end = (value: number) => `${Number(value.toFixed(3)) === 0 ? '' : value < 0 ? '−' : '+'}${Math.abs(value).toFixed(3)}`
  return `${end(low)} to ${end(high)}`
}

/** `p < 0.001`, `p = 0.03`. */
export function showP(p: number): string {
  return p < 0.001 ? 'p < 0.001' : `p = ${p.toFixed(p < 0.1 ? 3 : 2)}`
}
