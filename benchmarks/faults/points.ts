// Every named crash point in turn, for many seeds: `node start.mjs benchmarks/faults/points.ts [--seeds 50] [--from 1] [--only 7,12]`.
// Needs what the integration tests need (a Redis). A paragraph a seed; exit 1 when any ended otherwise than the quiet run.
import { parseArgs } from 'node:util'
import { startRedis } from '@sweepboard/test-kit'
import { describeFaults, harmOf } from '../../apps/cli/test/fault-report.ts'
import { runFaults } from '../../apps/cli/test/fault-run.ts'
import { FaultWork } from '../../apps/cli/test/fault-work.ts'
import { inTurn } from '../../apps/cli/test/in-turn.ts'

const TASKS = 12
const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '50' },
    from: { type: 'string', default: '1' },
    only: { type: 'string' },
    'at-once': { type: 'string', default: '2' },
  },
})
const seeds =
  values.only?.split(',').map(Number) ?? Array.from({ length: Number(values.seeds) }, (_, i) => Number(values.from) + i)
const { redis, reason } = await startRedis({ own: true })
if (!redis) throw new Error(reason)
const began = performance.now()
const secondsSince = () => ((performance.now() - began) / 1000).toFixed(0)
const work = await FaultWork.prepare(TASKS)
console.log(`prepared in ${secondsSince()} s`)
let failures = 0
for (const outcome of inTurn(seeds, Number(values['at-once']), (seed) => runFaults(work, redis, seed)).values()) {
  try {
    const report = await outcome
    const harm = harmOf(report)
    if (harm.length > 0) failures += 1
    console.log(`${describeFaults(report)}\n  ${harm.length === 0 ? 'equal' : harm.join('\n  ')}`)
  } catch (error) {
    failures += 1
    console.log(error instanceof Error ? error.message : error)
  }
}
await work.close()
await redis.stop()
console.log(`${seeds.length} seeds, ${failures} failed, ${secondsSince()} s`)
process.exitCode = failures > 0 ? 1 : 0
