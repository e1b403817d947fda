import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openLocalQueue } from '@sweepboard/queue'
import { Service, ServiceMetrics } from '@sweepboard/results'
import { WorkerMetrics } from '@sweepboard/worker'
import { describe, expect, it } from 'vitest'
import { REPOSITORY } from './command.ts'

interface Dashboard {
  readonly panels: readonly { title: string; targets: readonly { expr: string }[]; gridPos: { x: number; y: number } }[]
}

/** Names and kinds of what is exported now: `# TYPE name kind`. */
const typesIn = (text: string) => [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name = '', kind = '']) => ({ name, kind }))

describe('the dashboard', () => {
  it('asks only for metrics that service and workers export, rates only of what counts up, and its panels do not overlap', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'sb-dashboard-'))
    const queue = openLocalQueue()
    const service = await Service.open({
      folder,
      holder: 'a test',
      openQueue: async () => ({ queue, join: { kind: 'local' } }),
      version: '0',
      beatMs: 500,
      tickMs: 100,
      readableRoots: null,
      log: () => undefined,
    })
    try {
      const texts = [await new ServiceMetrics(service).text(), await new WorkerMetrics({ version: '0' }).text()]
      const types = texts.flatMap(typesIn)
      const histograms = types.filter(({ kind }) => kind === 'histogram').map(({ name }) => `${name}_bucket`)
      const counters = [...types.filter(({ kind }) => kind === 'counter').map(({ name }) => name), ...histograms]
      const known = new Set([...types.map(({ name }) => name), ...histograms])
      const dashboard: Dashboard = JSON.parse(readFileSync(join(REPOSITORY, 'infra/grafana/sweepboard.json'), 'utf8'))
      const asked = dashboard.panels.flatMap(({ targets }) => targets.map(({ expr }) => expr))
      const named = asked.flatMap((expr) => expr.match(/\b(?:sweepboard|nodejs|process)_\w+/g) ?? [])
      expect(named.length).toBeGreaterThan(20)
      expect(named.filter((name) => !known.has(name))).toEqual([])
      const rated = asked.flatMap((expr) => [...expr.matchAll(/\b(?:rate|increase)\((\w+)/g)].map(([, name]) => name as string))
      expect(rated.filter((name) => !counters.includes(name))).toEqual([])
      expect(asked.filter((expr) => counters.some((name) => new RegExp(`(?<![a-z]\\()\\b${name}\\b`).test(expr)))).toEqual([])
      expect(new Set(dashboard.panels.map(({ gridPos: { x, y } }) => `${x} ${y}`)).size).toBe(dashboard.panels.length)
    } finally {
      await service.stop()
      rmSync(folder, { recursive: true })
    }
  })
})
