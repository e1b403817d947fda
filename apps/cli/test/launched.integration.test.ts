import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type LaunchStubOptions, launchStubFile, liveProcesses } from '@sweepboard/test-kit'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { cellsOf, openPlace, type Place, start } from './command.ts'
import { writeTask } from './fleet-task.ts'

/** A sweep file as somebody writes it whose launchers file has a server of their own. */
const SWEEP = `sweep: launched
tasks: [./Small]
models:
  - model: org/stub
    revision: "0123456789012345678901234567890123456789"
    recipe: { pooling: mean, normalize: true, similarity: cosine, dimensions: 32 }
    engine: { launch: { name: stub, device: cpu } }
matrix:
  rerank: [none, { model: org/judge, revision: "0123456789012345678901234567890123456789", depth: 5, recipe: { head: server }, engine: { launch: { name: judge, dialect: rerank-api, device: cpu } } }]
`

describe('run with servers of this host', () => {
  let place: Place
  beforeEach(() => {
    place = openPlace()
    writeTask(place.folder, 'Small', { documents: 60, queries: 12, words: 20, seed: 7 })
    place.write('sweep.yaml', SWEEP)
  })
  afterEach(() => place.remove())

  /** One run whose servers fail as told. Keys must not reach them: what they got is in their environment. */
  async function run(name: string, stub: LaunchStubOptions) {
    const launchers = JSON.parse(launchStubFile({ stub, judge: stub }))
    launchers.launchers.judge.dialect = 'rerank-api'
    const data = join(place.folder, name)
    const file = place.write(`${name}.yaml`, JSON.stringify(launchers))
    const spec = join(place.folder, 'sweep.yaml')
    const args = ['run', spec, '--data', data, '--launchers', file, '--slots', 'cpu', '--offline', '--no-serve', '--json']
    const ended = await start(args, { SWEEPBOARD_TOKEN: 'secret' }).ended
    return { ...ended, data, cells: cellsOf(ended.stdout) }
  }
  const left = () => liveProcesses().filter(({ command }) => command.includes(place.folder))

  it('gives the same board whatever the servers do, and leaves none of them', { timeout: 240_000 }, async () => {
    const quiet = await run('quiet', {})
    expect(quiet.cells.map(({ state, failure }) => ({ state, failure }))).toEqual([
      { state: 'scored', failure: null },
      { state: 'scored', failure: null },
    ])
    const state = join(place.folder, 'state')
    const rough = await run('rough', { state, dieAtStart: 1, dieAfter: 8, loadMs: 300, grandchild: true, wrongDimension: 1 })
    expect(rough.exit).toBe(0)
    expect(rough.cells.map(({ metrics }) => metrics)).toEqual(quiet.cells.map(({ metrics }) => metrics))
    expect(readdirSync(state).sort()).toEqual(['die-after-0', 'die-at-start-0', 'wrong-dimension-0'])
    expect(left()).toEqual([])
    expect(readdirSync(join(rough.data, 'worker/servers')).sort()).toEqual(['logs', 'scratch'])
    expect(readdirSync(join(rough.data, 'worker/servers/scratch'))).toEqual([])
  })

  it('says with the cell what a server printed that did not start three times', { timeout: 120_000 }, async () => {
    const { exit, cells, data } = await run('dead', { dieAtStart: 99, state: join(place.folder, 'state') })
    expect(exit).toBe(1)
    expect(cells[0]?.failure?.code).toBe('SB-WORK-021')
    expect(cells[0]?.failure?.message).toContain('fatal: dies at its start')
    expect(readFileSync(join(data, 'worker/servers/logs/cpu0.log'), 'utf8').match(/dies at its start/g)).toHaveLength(3)
    expect(left()).toEqual([])
  })

  it('refuses a launchers file with mistakes before anything is begun', async () => {
    const file = place.write('bad.yaml', 'launchers:\n  mine: { command: [serve], ready: health, dialect: openai }\n')
    const spec = join(place.folder, 'sweep.yaml')
    const ended = await start(['run', spec, '--data', place.data, '--launchers', file, '--offline']).ended
    expect(ended.exit).toBe(2)
    expect(ended.stderr).toContain('SB-WORK-030')
    expect(ended.stderr).toContain('bad.yaml:2')
    expect(existsSync(join(place.data, 'worker'))).toBe(false)
  })
})
