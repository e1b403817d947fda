import { chmodSync, mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { launchStubFile, startRedis, type TestRedis } from '@sweepboard/test-kit'
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest'
import { cellsOf, openPlace, type Place, start } from './command.ts'
import { api, type Cell, Fleet, finish, joined } from './fleet-kit.ts'
import { writeTask } from './fleet-task.ts'

const { redis, reason } = await startRedis({ own: true })
afterAll(() => redis?.stop())

/** Overrides that decide by slot, on a machine whose cards are what a program in the place of `nvidia-smi` says. */
const SWEEP = `sweep: by-slot
tasks: [./Small]
models:
  - model: org/stub-8B
    revision: "0123456789012345678901234567890123456789"
    recipe: { pooling: mean, normalize: true, similarity: cosine, dimensions: 32 }
engine: { launch: { name: wide, device: cuda } }
overrides:
  - when: { model: "*-8B", memory: "<20GB" }
    engine: { launch: { name: packed, device: cuda } }
`
const CARD = (index: number, mebibytes: number) =>
  `${index}, GPU-${index}, NVIDIA GeForce RTX, ${mebibytes}, 0, 570.86.15, 43, 0, 20.00, [N/A]`

let place: Place
beforeEach(() => {
  place = openPlace()
  mkdirSync(join(place.folder, 'bin'))
  writeTask(place.folder, 'Small', { documents: 40, queries: 8, words: 20, seed: 7 })
  place.write('sweep.yaml', SWEEP)
  place.write('launchers.yaml', launchStubFile({ wide: {}, packed: {} }))
})
afterEach(() => place.remove())

const standIn = (...cards: string[]) => `#!/bin/sh\ncase "$*" in *--query-gpu=*) cat <<'END'\n${cards.join('\n')}\nEND\n;; esac\n`
function plugIn(...cards: string[]): void {
  chmodSync(place.write('bin/nvidia-smi', standIn(...cards)), 0o755)
}
function command(...args: string[]) {
  const path = [join(place.folder, 'bin'), dirname(process.execPath), '/usr/bin', '/bin'].join(delimiter)
  return start([...args, '--offline'], { PATH: path, CUDA_VISIBLE_DEVICES: '0,1,2' }).ended
}
async function run(slots: string) {
  const launchers = join(place.folder, 'launchers.yaml')
  const ended = await command(
    'run',
    join(place.folder, 'sweep.yaml'),
    '--data',
    place.data,
    '--slots',
    slots,
    '--launchers',
    launchers,
    '--no-serve',
    '--json',
  )
  return { ...ended, cells: cellsOf(ended.stdout) as ReturnType<typeof cellsOf> & { variant?: string }[] }
}
async function plan(slots: string) {
  const ended = await command('plan', join(place.folder, 'sweep.yaml'), '--slots', slots, '--json')
  expect(ended.stderr).toBe('')
  return JSON.parse(ended.stdout) as {
    warnings: string[]
    cellCount: number
    lanes: { engine: string; slots: string[]; misfit: string | null }[]
  }
}

describe('overrides by memory', () => {
  it('compute a model once for each kind of slot, on its own slots, as rows of their own', { timeout: 120_000 }, async () => {
    plugIn(CARD(0, 24_564), CARD(1, 12_288))
    const planned = await plan('cuda')
    expect(planned.cellCount).toBe(2)
    expect(planned.lanes).toMatchObject([
      { engine: 'wide', slots: ['cuda0'], misfit: null },
      { engine: 'packed', slots: ['cuda1'], misfit: null },
    ])
    expect(planned.warnings.at(-1)).toContain('computed 2 times, each a row of its own: wide on cuda0, packed on cuda1')
    const { exit, cells } = await run('cuda')
    expect(exit).toBe(0)
    expect(cells.map((cell) => [(cell as { variant?: string }).variant, cell.state])).toEqual([
      ['', 'scored'],
      ['engine: packed', 'scored'],
    ])
    expect(cells[0]?.metrics).toEqual(cells[1]?.metrics)
    const [log = ''] = readdirSync(join(place.data, 'logs')).map((file) => readFileSync(join(place.data, 'logs', file), 'utf8'))
    const served = log
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line))
      .filter((one) => one.event === 'slot' && one.state === 'serving')
    const lanes = new Map(served.map(({ slot, lane }) => [slot, lane]))
    expect(new Set(lanes.values()).size).toBe(2)
    expect([...lanes.keys()].sort()).toEqual(['cuda0', 'cuda1'])
    const out = join(place.folder, 'export')
    expect((await start(['export', out, '--data', place.data]).ended).exit).toBe(0)
    const folders = readdirSync(out, { recursive: true })
      .filter((file) => String(file).endsWith('Small.json'))
      .map(String)
      .sort()
    expect(folders).toEqual([
      expect.stringMatching(/^org__stub-8B\/0123\d+\/Small\.json$/),
      expect.stringMatching(/experiments\/engine_packed\/Small\.json$/),
    ])
  })

  it('leave out the way that no slot here takes, and say why', { timeout: 120_000 }, async () => {
    plugIn(CARD(0, 12_288))
    const planned = await plan('cuda')
    expect(planned.lanes.map(({ engine }) => engine)).toEqual(['packed'])
    expect(planned.warnings.at(-1)).toMatch(/not computed with wide: no slot of \S+ takes it \(is meant for other slots/)
    plugIn(CARD(0, 24_564))
    expect((await plan('cuda')).lanes).toMatchObject([{ engine: 'wide', slots: ['cuda0'] }])
    const { exit, cells, stderr } = await run('cuda')
    expect([exit, cells.length]).toEqual([0, 1])
    expect(stderr).toContain('not computed with packed')
  })

  it('keep the own way where none fits, with what would', async () => {
    plugIn()
    const planned = await plan('cpu')
    expect(planned.lanes).toMatchObject([
      { engine: 'wide', slots: [], misfit: expect.stringContaining('needs a slot of kind cuda') },
    ])
    expect(planned.warnings.at(-1)).toContain('planned with wide, which waits for such a slot')
  })

  it('refuse what cannot decide, with its line', async () => {
    place.write('sweep.yaml', SWEEP.replace('name: packed', 'name: wide').replace('*-8B', '*-9B'))
    const first = await command('plan', join(place.folder, 'sweep.yaml'), '--json')
    expect(first.exit).toBe(2)
    expect(JSON.parse(first.stdout).mistakes).toMatchObject([{ code: 'SB-SPEC-004', line: 9 }])
    place.write('sweep.yaml', SWEEP.replace('name: packed', 'name: wide'))
    const second = await command('plan', join(place.folder, 'sweep.yaml'), '--json')
    expect(JSON.parse(second.stdout).mistakes).toMatchObject([
      { code: 'SB-SPEC-004', line: 9, message: expect.stringContaining('has this load anyway') },
    ])
  })
})

describe.skipIf(!redis)(`overrides of a submitted sweep ${reason}`, () => {
  it('ask the live workers: none yet, a small card, and a card of each kind on two hosts', { timeout: 180_000 }, async () => {
    const fleet = new Fleet()
    try {
      const { url } = await fleet.serve(fleet.path('service'), { redis: (redis as TestRedis).url })
      const spec = join(place.folder, 'sweep.yaml')
      const planned = async () => {
        const { stdout } = await fleet.succeed(['plan', spec, '--to', url, '--json'])
        return JSON.parse(stdout) as { warnings: string[]; lanes: { engine: string; slots: string[] }[] }
      }
      expect(await planned()).toMatchObject({
        lanes: [{ engine: 'wide', slots: [] }],
        warnings: expect.arrayContaining([expect.stringContaining('there is no slot yet that overrides could decide by')]),
      })
      const host = (name: string, mebibytes: number) => {
        const bin = join(place.folder, name)
        place.write(`${name}/nvidia-smi`, standIn(CARD(0, mebibytes)))
        chmodSync(join(bin, 'nvidia-smi'), 0o755)
        const path = [bin, dirname(process.execPath), '/usr/bin', '/bin'].join(delimiter)
        const args = ['--launchers', join(place.folder, 'launchers.yaml')]
        return fleet.worker(url, name, { slots: 'cuda', args, env: { PATH: path, CUDA_VISIBLE_DEVICES: '0' } })
      }
      host('small', 12_288)
      await joined(url, 1)
      expect((await planned()).lanes).toMatchObject([{ engine: 'packed', slots: ['small cuda0'] }])
      host('large', 24_564)
      await joined(url, 2)
      const submitted = await fleet.succeed(['submit', spec, '--to', url, '--json'])
      expect(submitted.stderr).toContain('wide on large cuda0, packed on small cuda0')
      const { sweep } = JSON.parse(submitted.stdout) as { sweep: string }
      expect((await finish(url, sweep)).cells).toMatchObject({ total: 2, scored: 2 })
      const cells = await api<(Cell & { variant: string })[]>(url, `/sweeps/${sweep}/cells`)
      const hosts = await api<{ host: string; hostname: string }[]>(url, '/hosts')
      const nameOf = (id: string | undefined) => hosts.find(({ host }) => host === id)?.hostname
      const encodedOn = cells.map(({ variant, evidence }) => [variant, evidence.document?.hosts?.map(nameOf)])
      expect(encodedOn).toEqual([
        ['', ['large']],
        ['engine: packed', ['small']],
      ])
    } finally {
      expect(await fleet.close()).toEqual([])
    }
  })
})
