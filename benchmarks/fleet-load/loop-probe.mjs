// Loaded into the service by NODE_OPTIONS: once a second, what its event loop did since the last time, as one line of JSON in the file that its own address names (`?file=`).
import { appendFileSync } from 'node:fs'
import { monitorEventLoopDelay, performance } from 'node:perf_hooks'

const RESOLUTION_MS = 5
const file = new URL(import.meta.url).searchParams.get('file')
const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS })
delay.enable()
let before = performance.eventLoopUtilization()
setInterval(() => {
  const now = performance.eventLoopUtilization()
  const { utilization } = performance.eventLoopUtilization(now, before)
  before = now
  // The histogram counts from one sample to the next, its own resolution included.
  const ms = (nanoseconds) => Math.max(0, nanoseconds / 1e6 - RESOLUTION_MS)
  const line = { p50: ms(delay.percentile(50)), p99: ms(delay.percentile(99)), worst: ms(delay.max), utilization }
  appendFileSync(file, `${JSON.stringify({ at: Date.now(), ...line })}\n`)
  delay.reset()
}, 1000).unref()
