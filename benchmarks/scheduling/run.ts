// Drives the shipped lane choice with virtual fleets: `node start.mjs benchmarks/scheduling/run.ts [first seed] [fleets a size] [sizes]`.
// Prints makespan and loads beside their bounds (bounds.ts) and how long a small sweep waits; ends 1 where a bound is not held.
import { judge, judgeText } from './judge.ts'
import type { Draw } from './scenario.ts'

const KINDS: readonly Draw[] = [{}, { small: true }, { later: true }, { chained: true }]
const first = Number(process.argv[2] ?? Math.floor(Math.random() * 1e6))
const count = Number(process.argv[3] ?? 6)
const sizes = (process.argv[4] ?? '1,2,4,8,24,100,1000').split(',').map(Number)
console.log(`seed ${first}, ${count} fleets of each of ${sizes.join(', ')} slots`)
let failures = 0
for (const size of sizes) {
  for (let i = 0; i < (size >= 1000 ? Math.min(2, count) : count); i += 1) {
    const verdict = judge(first + i, size, KINDS[i % KINDS.length] ?? {})
    if (verdict.problems.length > 0) failures += 1
    console.log(judgeText(verdict))
  }
}
console.log(failures === 0 ? 'all within bounds' : `${failures} fleets out of bounds`)
process.exitCode = failures === 0 ? 0 : 1
