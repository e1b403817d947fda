import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { launchChromium } from '@sweepboard/test-kit'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openPlace, type Place, type Running, SHARED, start, sweepboard } from './command.ts'

const SPEC = `sweep: reported
tasks: [AILAStatutes]
models: [local/pocket-static-en, mteb/baseline-random-encoder]
matrix: { dimensions: [full, 32] }
`
const { browser, reason } = await launchChromium()

describe.skipIf(!existsSync(join(SHARED, 'datasets/AILAStatutes')))('report and resources (needs ../shared)', () => {
  let place: Place
  let html: string
  beforeAll(async () => {
    place = openPlace()
    const spec = place.write('reported.yaml', SPEC)
    const ran = await sweepboard('run', spec, '--no-serve', '--datasets', join(SHARED, 'datasets'), '--data', place.data)
    expect(ran.exit, ran.stderr).toBe(0)
    html = join(place.folder, 'report.html')
  })
  afterAll(async () => {
    await browser?.close()
    place.remove()
  })

  it('measures weights, memory and the latency of one query', async () => {
    const rows = JSON.parse((await sweepboard('status', 'reported', '--resources', '--data', place.data, '--json')).stdout)
    expect(rows.map((row: { model: string }) => row.model)).toEqual(['local/pocket-static-en', 'mteb/baseline-random-encoder'])
    const [pocket] = rows
    expect(pocket).toMatchObject({ textCount: 132, dimensions: 256, queryMs: { count: 24 } })
    expect(pocket.weightsBytes).toBeGreaterThan(1e6)
    expect(pocket.peakMemoryBytes).toBeGreaterThan(pocket.weightsBytes)
    expect(pocket.queryMs.p95).toBeGreaterThanOrEqual(pocket.queryMs.p50)
    expect(pocket.energyJoules === null).toBe(pocket.energyReason !== null)
    const table = await sweepboard('status', '--resources', '--data', place.data)
    expect(table.stdout).toMatch(/^model .*p50 ms/)
    const board = JSON.parse((await sweepboard('leaderboard', '--resources', '--data', place.data, '--json')).stdout)
    for (const row of board.rows) expect(row.resources.model).toBe(row.model)
    const csv = (await sweepboard('leaderboard', '--resources', '--data', place.data, '--csv')).stdout.split('\n')
    expect(csv[0]).toMatch(/,AILAStatutes,weights_mb,peak_mb,/)
    expect(csv[1]?.split(',').length).toBe(csv[0]?.split(',').length)
  })

  it('compares with the baseline asked for; Markdown without a file', async () => {
    const args = ['report', 'reported', '--baseline', 'random-encoder', '--data', place.data]
    const found = JSON.parse((await sweepboard(...args, '--json')).stdout)
    expect(found.systems[found.baseline].name).toBe('mteb/baseline-random-encoder')
    const pocket = found.deltas.find((one: { system: number }) => found.systems[one.system].name === 'local/pocket-static-en')
    expect(pocket.delta).toBeCloseTo(0.211 - 0.098, 3)
    expect(pocket.queryCount).toBe(50)
    expect(pocket.interval.low).toBeLessThan(pocket.delta)
    expect(pocket.interval.high).toBeGreaterThan(pocket.delta)
    const two = JSON.parse((await sweepboard('compare', 'pocket', 'random', '--data', place.data, '--json')).stdout)
    const { delta, interval, p, queryCount } = pocket
    expect(two.tasks).toMatchObject([{ task: 'AILAStatutes', delta, test: { interval, p, queryCount } }])
    expect(two.tasks[0].test.wins + two.tasks[0].test.ties + two.tasks[0].test.losses).toBe(50)
    const markdown = (await sweepboard(...args)).stdout
    expect(markdown).toContain('## Against mteb/baseline-random-encoder')
    expect(markdown).toMatch(/\| @1 \| @3 \| @5 \| @10 \|/)
    expect((await sweepboard(...args.slice(0, 2), '--baseline', 'nobody', '--data', place.data)).exit).toBe(2)
    const nowhere = await sweepboard(...args, '-o', `${place.data}/nowhere/report.md`)
    expect([nowhere.exit, nowhere.stderr]).toEqual([3, expect.stringContaining('SB-FILE-007')])
    expect((await sweepboard('report', '-o', join(place.folder, 'report.pdf'), '--data', place.data)).exit).toBe(2)
  })

  it('reads the same from a service', async () => {
    const local = JSON.parse((await sweepboard('report', '--data', place.data, '--json')).stdout)
    const service: Running = start(['serve', '--data', place.data, '--port', '0'])
    try {
      await service.until('http://127.0.0.1:')
      const said = service.said()
      const url = /http:\/\/127\.0\.0\.1:\d+/.exec(said.stdout + said.stderr)?.[0] as string
      const remote = await sweepboard('report', '-o', html, '--to', url, '--json')
      expect(JSON.parse(remote.stdout)).toEqual(local)
      const rows = await (await fetch(`${url}/api/v1/sweeps/${local.sweep.id}/resources`)).json()
      expect(rows).toEqual(local.resources)
    } finally {
      service.child.kill('SIGTERM')
      await service.ended
    }
    expect(readFileSync(html, 'utf8')).toContain('<svg')
  })

  it.skipIf(browser === null)(`opens in a browser without a request or a script (${reason || 'chromium'})`, async () => {
    for (const [colorScheme, width] of [
      ['light', 1280],
      ['dark', 390],
    ] as const) {
      const page = await (browser as NonNullable<typeof browser>).newPage({ colorScheme, viewport: { width, height: 900 } })
      const asked: string[] = []
      const said: string[] = []
      page.on('request', (request) => asked.push(request.url()))
      page.on('console', (message) => said.push(message.text()))
      await page.goto(`file://${html}`)
      expect(asked).toEqual([`file://${html}`])
      expect(said).toEqual([])
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width)
      const ground = await page.evaluate(() => getComputedStyle(document.body).backgroundColor)
      expect(ground).toBe(colorScheme === 'light' ? 'rgb(250, 250, 248)' : 'rgb(18, 20, 19)')
      await page.close()
    }
  })
})
