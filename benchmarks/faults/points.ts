// Every named crash point in turn: `node start.mjs benchmarks/faults/points.ts [part of a point's name]`. Needs what the
// integration tests need (a Redis). One line a point; exit 1 when any sweep ended otherwise than the quiet run.
import { isDeepStrictEqual } from 'node:util'
import { startRedis } from '@sweepboard/test-kit'
import { FaultBench } from '../../apps/cli/test/fault-kit.ts'
import { CRASH_CASES, crashOnce } from '../../apps/cli/test/fault-points.ts'

const DOCUMENTS = 60
const wanted = process.argv[2] ?? ''
const { redis, reason } = await startRedis({ own: true })
if (!redis) throw new Error(reason)
const bench = await FaultBench.prepare(redis, DOCUMENTS)
let failures = 0
for (const crash of CRASH_CASES.filter(({ who, point }) => `${who} ${point}`.includes(wanted))) {
  const began = performance.now()
  const outcome = await crashOnce(bench, crash).then(
    (found) => (isDeepStrictEqual(found, bench.wanted) ? 'equal' : 'OTHER RESULT'),
    (error: Error) => `FAILED: ${error.message}`,
  )
  if (outcome !== 'equal') failures += 1
  console.log(`${crash.who} ${crash.point}: ${outcome}, ${((performance.now() - began) / 1000).toFixed(1)} s`)
  await bench.endAll()
}
const orphans = await bench.close()
console.log(`${failures} failed, ${orphans.length} orphans`)
process.exitCode = failures + orphans.length > 0 ? 1 : 0
