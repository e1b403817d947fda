// Many fleets of work that can be planned: `node start.mjs benchmarks/scheduling/survey.ts [first seed] [fleets a size] [sizes] [step]`.
// Every other fleet has a small sweep in between. A line for each fleet out of bounds or with more than 1.1 x the loads of the least within 1.05 x of the bound, then a table of each size, as in README.md; ends 1 where a bound is not held.
import { judge, judgeText, type Verdict } from './judge.ts'

const [first, count] = [Number(process.argv[2] ?? 5001), Number(process.argv[3] ?? 20)]
const sizes = (process.argv[4] ?? '1,2,4,8,16,24').split(',').map(Number)
const step = Number(process.argv[5] ?? 7)

const loadsOf = ({ outcome, leastLoads }: Verdict): number => (outcome.loads + outcome.idle) / leastLoads
const makespanOf = ({ outcome, bound }: Verdict): number => outcome.makespanSeconds / bound

function rowOf(size: number, all: readonly Verdict[]): string {
  const spreadOf = (values: readonly number[], digits: number): string => {
    const sorted = values.toSorted((a, b) => a - b)
    return [0.5, 1].map((share) => sorted[Math.floor(share * (sorted.length - 1))]?.toFixed(digits)).join(', ')
  }
  const small = all.flatMap(({ outcome }) => outcome.small.map(({ endSeconds }) => endSeconds))
  const over = all.filter(({ leastAsSoon }) => leastAsSoon !== null).length
  const cells = [size, all.length, spreadOf(all.map(makespanOf), 3), spreadOf(all.map(loadsOf), 2), over]
  return `| ${[...cells, small.length === 0 ? '' : `${Math.max(...small).toFixed(0)} s`].join(' | ')} |`
}

const rows: string[] = []
for (const size of sizes) {
  const all: Verdict[] = []
  for (let i = 0; i < count; i += 1) {
    const verdict = judge(first + step * i, size, i % 2 === 0 ? {} : { small: true })
    all.push(verdict)
    if (verdict.problems.length > 0 || verdict.leastAsSoon !== null) console.log(judgeText(verdict))
    if (verdict.problems.length > 0) process.exitCode = 1
  }
  rows.push(rowOf(size, all))
}
console.log(
  "| slots | fleets | makespan / bound: median, worst | loads / minimum: median, worst | above 1.1 x | small sweep's end, worst |",
)
console.log('|---|---|---|---|---|---|')
console.log(rows.join('\n'))
