// A fleet under random events: `node start.mjs benchmarks/chaos/run.ts [--seed 1] [--events 200] [--seconds 1] [--tasks 12]`.
// Needs what the integration tests need (a Redis). A line an event; exit 1 when anything is otherwise than in the quiet run.
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { startRedis } from '@sweepboard/test-kit'
import { describeChaos, wasted } from '../../apps/cli/test/chaos-report.ts'
import { type Quiet, runChaos } from '../../apps/cli/test/chaos-run.ts'
import { startStub } from '../../apps/cli/test/fleet-stub.ts'

const MOST_WASTED = 0.05
const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    seeds: { type: 'string', default: '1' },
    events: { type: 'string', default: '200' },
    seconds: { type: 'string', default: '1' },
    tasks: { type: 'string', default: '12' },
    only: { type: 'string' },
    short: { type: 'boolean', default: false },
    keep: { type: 'string' },
    infinity: { type: 'string' },
    model: { type: 'string', default: new URL('../../../shared/models/all-MiniLM-L6-v2', import.meta.url).pathname },
    report: { type: 'string' },
  },
})
const program = values.infinity === undefined ? '' : join(values.infinity, 'bin/infinity_emb')
if (program !== '' && !existsSync(program)) throw new Error(`no ${program}`)
// Nothing of a fleet outlives its driver.
const ending = new AbortController()
for (const name of ['SIGINT', 'SIGTERM'] as const) process.on(name, () => ending.abort(new Error(`ended by ${name}`)))
const reports = []
// What is disturbed is the same for every seed, and so is what must come of it.
const stub = await startStub()
let quiet: Quiet | undefined
for (let i = 0; i < Number(values.seeds); i += 1) {
  const { redis, reason } = await startRedis({ own: true })
  if (!redis) throw new Error(reason)
  const seed = Number(values.seed) + i
  try {
    const report = await runChaos({
      redis,
      signal: ending.signal,
      seed,
      stub,
      quiet,
      onQuiet: (made) => {
        quiet = made
      },
      events: Number(values.events),
      tasks: Number(values.tasks),
      seconds: Number(values.seconds),
      isLong: !values.short,
      keep: values.keep === undefined ? null : join(values.keep, String(seed)),
      infinity: program === '' ? null : { program, model: values.model },
      say: (line) => console.log(line),
      ...(values.only === undefined ? {} : { only: values.only.split(',') }),
    })
    const waste = wasted(report)
    const harm = [
      ...report.harm,
      ...(waste < MOST_WASTED ? [] : [`${(100 * waste).toFixed(1)} % of all texts were answered again`]),
    ]
    reports.push({ ...report, harm, wasted: waste })
    console.log(describeChaos({ ...report, harm }))
    if (harm.length > 0) process.exitCode = 1
  } finally {
    await redis.stop()
  }
}
await stub.close()
if (values.report !== undefined) {
  mkdirSync(join(values.report, '..'), { recursive: true })
  writeFileSync(values.report, `${JSON.stringify(reports, null, 2)}\n`)
}
