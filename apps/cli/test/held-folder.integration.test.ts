import { readFileSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openPlace, type Place, type Running, start, sweepboard } from './command.ts'

const SPEC = 'sweep: traps\ntasks: [SemanticTrapsEn]\nmodels: [local/pocket-static-en]\nmatrix: { dimensions: [full, 64] }\n'
const RESULT = {
  dataset_revision: 'd',
  task_name: 'SemanticTrapsEn',
  mteb_version: '2.20.0',
  scores: { test: [{ ndcg_at_10: 0.25, main_score: 0.25, hf_subset: 'default', languages: ['eng-Latn'] }] },
  evaluation_time: 1.5,
}

let place: Place
let service: Running
let url: string
const here = (...args: string[]) => sweepboard(...args, '--data', place.data)
/** A service without Redis: no worker can join, so what is submitted waits. */
async function serve(data: string): Promise<{ running: Running; url: string }> {
  const running = start(['serve', '--port', '0', '--data', data, '--json'])
  await running.until('"event":"listening"')
  return { running, url: (JSON.parse(running.said().stdout.split('\n')[0] ?? '') as { url: string }).url }
}
beforeAll(async () => {
  place = openPlace()
  const ran = await here('run', place.write('traps.yaml', SPEC), '--no-serve')
  expect(ran.exit, ran.stderr).toBe(0)
  const served = await serve(place.data)
  service = served.running
  url = served.url
})
afterAll(async () => {
  service.child.kill('SIGTERM')
  await service.ended
  place.remove()
})

describe('a data folder that a service holds', () => {
  it('is read by status, leaderboard, export, watch and plan, as the service itself answers', async () => {
    for (const args of [
      ['status', '--json'],
      ['status', 'traps', '--json'],
      ['leaderboard', '--json'],
      ['leaderboard', '--sweep', 'traps', '--csv'],
      ['leaderboard', '--benchmark', 'MTEB(eng, v2):STS', '--json'],
      ['compare', 'pocket', 'pocket#64 dims', '--json'],
      ['history', 'pocket', 'SemanticTrapsEn', '--json'],
      ['watch', 'traps', '--json'],
    ]) {
      const [folder, remote] = [await here(...args), await sweepboard(...args, '--to', url)]
      expect(folder.exit, `${args.join(' ')}: ${folder.stderr}`).toBe(0)
      expect(folder.stdout, args.join(' ')).toBe(remote.stdout)
    }
    const exported = await here('export', join(place.folder, 'out'), '--json')
    expect(JSON.parse(exported.stdout)).toMatchObject({ cellCount: 2 })
    const [finding] = JSON.parse((await here('doctor', '--json')).stdout).filter((one: { check: string }) =>
      one.check.startsWith('data'),
    )
    expect(finding).toMatchObject({ state: 'ok', message: expect.stringContaining(`--to ${url}`) })
  })

  it('is changed through the service: import and the control commands', async () => {
    const file = join(place.folder, 'SemanticTrapsEn.json')
    writeFileSync(file, JSON.stringify(RESULT))
    const imported = await here('import', file)
    expect(imported.exit, imported.stderr).toBe(0)
    expect(imported.stderr).toContain(`--to ${url}`)
    const { rows } = JSON.parse((await here('leaderboard', '--json')).stdout)
    expect(rows.filter((row: { origin: string }) => row.origin === 'published')).toHaveLength(1)
    for (const [into, ...from] of [
      ['here', '--data', place.data],
      ['there', '--to', url],
    ] as const) {
      const again = await sweepboard('export', join(place.folder, into), '--published', '--json', ...from)
      expect(JSON.parse(again.stdout)).toEqual({ fileCount: 1, hiddenCount: 0 })
      const path = join(place.folder, into, basename(dirname(place.folder)), basename(place.folder), 'SemanticTrapsEn.json')
      expect(JSON.parse(readFileSync(path, 'utf8'))).toEqual(RESULT)
    }
    const refused = await here('cancel', 'traps')
    expect(refused.exit).toBe(3)
    expect(refused.stderr).toContain('SB-LEDGER-003')
    expect(refused.stderr).toContain(`--to ${url}`)
  })

  it('is refused to a second service and to a run, which name holder and URL', async () => {
    for (const args of [
      ['serve', '--port', '0', '--json'],
      ['run', join(place.folder, 'traps.yaml'), '--no-serve', '--json'],
    ]) {
      const { exit, stdout } = await here(...args)
      expect(exit).toBe(3)
      expect(stdout).toContain(`SB-LEDGER-001`)
      expect(stdout).toContain(`sweepboard serve, process ${service.child.pid} on`)
      expect(stdout).toContain(`--to ${url}`)
    }
  })
})

describe('a sweep whose service was killed', () => {
  it('is not watched for ever', async () => {
    const data = join(place.folder, 'stopped')
    const { running, url: other } = await serve(data)
    const submitted = await sweepboard('submit', place.write('stopped.yaml', SPEC), '--to', other)
    expect(submitted.exit, submitted.stderr).toBe(0)
    running.child.kill('SIGKILL')
    await running.ended
    const watched = await sweepboard('watch', '--data', data)
    expect(watched.exit).toBe(4)
    expect(watched.stderr).toContain('SB-LEDGER-007')
    const cancelled = await sweepboard('cancel', 'traps', '--data', data)
    expect(cancelled.exit, cancelled.stderr).toBe(0)
    expect(cancelled.stdout).toContain('is cancelled')
  })
})
