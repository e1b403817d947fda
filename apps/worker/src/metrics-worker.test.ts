import type { ServiceLink, SlotReport } from '@sweepboard/contracts'
import { describe, expect, it } from 'vitest'
import { WorkerMetrics } from './metrics-worker.ts'
import type { RunningWorker } from './options.ts'

const slot: SlotReport = {
  id: 'cuda:0',
  device: 'cuda',
  memoryBytes: 24e9,
  deviceCount: 1,
  deviceName: 'NVIDIA GeForce RTX 4090',
  reading: { memoryUsedBytes: 5e9, temperatureC: 61, utilization: 0.97, powerWatts: null },
  state: 'serving',
  lane: 'a'.repeat(64),
  tokensPerSecond: { ['a'.repeat(64)]: 41_000, b: 3 },
  peakBytes: {},
  loadSeconds: {},
  closed: [{ lane: 'b', reason: 'x', forMs: null }],
}

const value = async (metrics: WorkerMetrics, series: string) => {
  const line = (await metrics.text()).split('\n').find((one) => one.startsWith(`sweepboard_worker_${series} `))
  return line === undefined ? undefined : Number(line.split(' ').at(-1))
}

describe('WorkerMetrics', () => {
  it('reads slots, devices and outbox at the scrape', async () => {
    const metrics = new WorkerMetrics({ version: '1' })
    expect(await value(metrics, 'outbox_entries')).toBe(0)
    metrics.watch({ slots: () => [slot], outbox: () => ({ entries: 3, vectorBytes: 4096 }) } as unknown as RunningWorker)
    expect(await value(metrics, 'slots{state="serving",device="cuda"}')).toBe(1)
    expect(await value(metrics, 'slots{state="idle",device="cuda"}')).toBe(0)
    expect(await value(metrics, 'slot_tokens_per_second{slot="cuda:0"}')).toBe(41_000)
    expect(await value(metrics, 'closed_lanes{slot="cuda:0"}')).toBe(1)
    expect(await value(metrics, 'device_memory_used_bytes{slot="cuda:0"}')).toBe(5e9)
    expect(await value(metrics, 'device_temperature_celsius{slot="cuda:0"}')).toBe(61)
    expect(await value(metrics, 'device_utilization_ratio{slot="cuda:0"}')).toBe(0.97)
    expect(await value(metrics, 'device_power_watts{slot="cuda:0"}')).toBeUndefined()
    expect(await value(metrics, 'outbox_entries')).toBe(3)
    expect(await value(metrics, 'outbox_bytes')).toBe(4096)
  })

  it('counts what the worker says, and times a load by its own clock', async () => {
    let now = 0
    const metrics = new WorkerMetrics({ version: '1', now: () => now })
    metrics.heard({ event: 'slot', slot: 'cpu', state: 'loading', model: 'm' })
    now = 3000
    metrics.heard({ event: 'slot', slot: 'cpu', state: 'serving', model: 'm' })
    metrics.heard({ event: 'slot', slot: 'other', state: 'loading' })
    metrics.heard({ event: 'slot', slot: 'other', state: 'idle' }) // refused: no load
    for (const texts of [10, 20]) {
      metrics.heard({ event: 'chunk', slot: 'cpu', model: 'm"\n', texts, tokens: 5 * texts, splits: 1, encodeSeconds: 0.25 })
    }
    metrics.heard({ event: 'lease', slot: 'cpu', kind: 'encode' })
    metrics.heard({ event: 'chunk-failed', code: 'SB-HTTP-002' })
    metrics.heard({ event: 'failed', code: 'nonsense' })
    expect(await value(metrics, 'loads_total{slot="cpu",model="m"}')).toBe(1)
    expect(await value(metrics, 'load_seconds_sum{slot="cpu"}')).toBe(3)
    expect(await value(metrics, 'loads_total{slot="other",model=""}')).toBeUndefined()
    expect(await value(metrics, 'texts_total{slot="cpu",model="m\\"\\n"}')).toBe(30)
    expect(await value(metrics, 'tokens_total{slot="cpu",model="m\\"\\n"}')).toBe(150)
    expect(await value(metrics, 'encode_seconds_total{slot="cpu"}')).toBe(0.5)
    expect(await value(metrics, 'batch_splits_total{slot="cpu"}')).toBe(2)
    expect(await value(metrics, 'leases_total{slot="cpu",kind="encode"}')).toBe(1)
    expect(await value(metrics, 'failures_total{code="SB-HTTP-002"}')).toBe(1)
    expect(await value(metrics, 'failures_total{code="other"}')).toBe(1)
    expect(await value(metrics, 'events_total{event="slot"}')).toBe(4)
  })

  it('times calls of the service, and passes answers and failures on', async () => {
    let now = 0
    const metrics = new WorkerMetrics({ version: '1', now: () => now })
    const answer = { stop: [], lanes: {}, ledger: 'l' }
    const secrets: string[] = []
    const link = metrics.meter({
      beat: async () => {
        now += 500
        return answer
      },
      end: () => Promise.reject(new Error('away')),
      identify: (secret: string) => secrets.push(secret),
    } as unknown as ServiceLink)
    link.identify?.('secret')
    expect(secrets).toEqual(['secret'])
    expect(await link.beat({} as never)).toBe(answer)
    await expect(link.end({} as never)).rejects.toThrow('away')
    expect(await value(metrics, 'call_duration_seconds_sum{call="beat",outcome="ok"}')).toBe(0.5)
    expect(await value(metrics, 'call_duration_seconds_count{call="end",outcome="failed"}')).toBe(1)
  })
})
