import { join } from 'node:path'
import { type LaunchStubOptions, launchStubFile, liveProcesses } from '@sweepboard/test-kit'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { cellsOf, openPlace, type Place, start } from './command.ts'
import { writeTask } from './fleet-task.ts'

/** A stub server that accepts requests and answers none, under `--job-limit`. */
describe('run --job-limit', () => {
  let place: Place
  beforeEach(() => {
    place = openPlace()
    const task = writeTask(place.folder, 'Small', { documents: 60, queries: 12, words: 20, seed: 7 })
    place.write(
      'sweep.yaml',
      `sweep: limited
tasks: [${task}]
models:
  - model: org/stub
    revision: "0123456789012345678901234567890123456789"
    recipe: { pooling: mean, normalize: true, similarity: cosine, dimensions: 32 }
    engine: { launch: { name: stub, device: cpu } }
`,
    )
  })
  afterEach(() => place.remove())

  async function run(limit: string, stub: LaunchStubOptions) {
    const launchers = place.write('launchers.json', launchStubFile({ stub: { state: join(place.folder, 'state'), ...stub } }))
    const own = ['--data', place.data, '--launchers', launchers, '--job-limit', limit]
    const ended = await start([
      'run',
      join(place.folder, 'sweep.yaml'),
      ...own,
      '--slots',
      'cpu',
      '--offline',
      '--no-serve',
      '--json',
    ]).ended
    return { ...ended, cells: cellsOf(ended.stdout) }
  }

  it('ends a server that hangs and tries its chunk again on a new one', { timeout: 120_000 }, async () => {
    const { exit, cells } = await run('8s', { hangAfter: 6 })
    expect(cells).toMatchObject([{ state: 'scored' }])
    expect(exit).toBe(0)
    expect(liveProcesses().filter(({ command }) => command.includes(place.folder))).toEqual([])
  })

  it('fails the cell in the end, with what held it, and leaves nothing running', { timeout: 180_000 }, async () => {
    const { exit, cells } = await run('6s', { hangAfter: 6, hangTimes: 99 })
    expect(exit).toBe(1)
    expect(cells).toMatchObject([{ state: 'failed', failure: { code: expect.stringMatching(/^SB-WORK-02[015]$/) } }])
    expect(cells[0]?.failure?.message).toContain('took longer than 6 s')
    expect(liveProcesses().filter(({ command }) => command.includes(place.folder))).toEqual([])
  })

  it('is refused where it is no time', async () => {
    expect((await run('soon', {})).exit).toBe(2)
  })
})
