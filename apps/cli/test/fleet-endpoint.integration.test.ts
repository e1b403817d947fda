import { writeFileSync } from 'node:fs'
import { startRedis, type TestRedis } from '@sweepboard/test-kit'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Fleet, finish, joined, submit, sweepState } from './fleet-kit.ts'
import { type EmbeddingsStub, startStub } from './fleet-stub.ts'
import { writeTask } from './fleet-task.ts'

const { redis, reason } = await startRedis({ own: true })
const SIZE = { documents: 500, queries: 40, words: 200 }

describe.skipIf(!redis)(`a paid endpoint is asked for each text once ${reason}`, () => {
  const fleet = new Fleet()
  const tasks: string[] = []
  let stub: EmbeddingsStub

  /** A sweep of one remote model over some of the tasks. */
  function writeSpec(name: string, places: readonly number[], matrix: string): string {
    const file = fleet.path(`${name}.yaml`)
    const named = places.map((place) => tasks[place]).join(', ')
    writeFileSync(
      file,
      `sweep: ${name}\ntasks: [${named}]\nmodels: [acme/stub]\nengine: { openai: { url: "${stub.url}", batch: 25 } }\nmatrix: ${matrix}\n`,
    )
    return file
  }

  beforeAll(async () => {
    stub = await startStub()
    for (const [i, name] of ['One', 'Two', 'Three'].entries())
      tasks.push(writeTask(fleet.folder, name, { ...SIZE, seed: 11 + i }))
  })

  afterAll(async () => {
    const left = await fleet.close()
    await stub?.close()
    await redis?.stop()
    expect(left).toEqual([])
  })

  it('over 12 configs and two sweeps at once that overlap, through 429 and 500', async () => {
    const narrow = writeSpec('narrow', [0], '{ dimensions: [full, 32, 16, 8], precision: [float32, int8, binary] }')
    const left = writeSpec('left', [0, 1], '{ precision: [float32, binary] }')
    const right = writeSpec('right', [1, 2], '{ precision: [float32, int8] }')
    for (const spec of [narrow, left, right]) {
      await fleet.succeed(['run', spec, '--no-serve', '--json', '--slots', 'cpu,endpoint', '--data', fleet.path('embedded')])
    }
    const wanted = await fleet.exported({ data: fleet.path('embedded') })
    const textCount = tasks.length * (SIZE.documents + SIZE.queries)
    expect(stub.answered.size).toBe(textCount)
    expect([...stub.answered].filter(([, times]) => times !== 1)).toEqual([])

    stub.answered.clear()
    stub.refuseEvery = 9
    const { url } = await fleet.serve(fleet.path('service'), { redis: (redis as TestRedis).url })
    for (const name of ['a', 'b']) fleet.worker(url, name, { slots: 'cpu,endpoint' })
    await joined(url, 2)
    const first = await finish(url, await submit(fleet, narrow, url))
    expect(first.cells).toEqual({ total: 12, scored: 12, failed: 0, waiting: 0 })
    stub.hold()
    const both = [await submit(fleet, left, url), await submit(fleet, right, url)]
    for (const sweep of both) expect((await sweepState(url, sweep)).state).toBe('running')
    stub.release()
    for (const sweep of both) expect((await finish(url, sweep)).cells).toMatchObject({ total: 4, scored: 4, failed: 0 })
    expect(stub.refusedCount()).toBeGreaterThan(3)
    expect(stub.answered.size).toBe(textCount)
    expect([...stub.answered].filter(([, times]) => times !== 1)).toEqual([])
    expect(await fleet.exported({ url })).toEqual(wanted)
    expect(wanted.size).toBeGreaterThanOrEqual(16)
  })

  it('and a text it refuses fails its own cells only, until it is mended', async () => {
    // Near the end: chunks are computed in order, so those before it are done, whenever its failure arrives.
    const poison = 'Two-d487'
    stub.refuseEvery = 0
    stub.answered.clear()
    stub.isPoison = (text) => text.endsWith(poison)
    const spec = writeSpec('poisoned', [0, 1], '{ precision: [float32, int8] }')
    const data = fleet.path('poisoned')
    const run = ['run', spec, '--no-serve', '--json', '--slots', 'cpu,endpoint', '--data', data]
    const bad = await fleet.run(run)
    expect(bad.code).toBe(1)
    const cells = bad.events.filter(({ event }) => event === 'cell')
    expect(cells.filter(({ state }) => state === 'scored').map(({ task }) => task)).toEqual(['One', 'One'])
    const failed = cells.filter(({ state }) => state === 'failed') as unknown as {
      task: string
      failure: Record<string, string>
    }[]
    expect(failed.map(({ task }) => task)).toEqual(['Two', 'Two'])
    for (const { failure } of failed) {
      expect(failure).toMatchObject({ code: 'SB-MODEL-006' })
      expect(failure.message).toContain('(document d487 of Two)')
      expect(failure.fix).toBeTruthy()
    }
    const before = new Map(stub.answered)
    stub.isPoison = () => false
    stub.answered.clear()
    await fleet.succeed(['retry', 'poisoned', '--data', data])
    const good = await fleet.succeed(run)
    expect(good.events.filter(({ event, state }) => event === 'cell' && state === 'scored')).toHaveLength(4)
    const again = [...stub.answered.keys()]
    expect(again.some((text) => text.endsWith(poison))).toBe(true)
    // The chunk of the bad text only: no query, nothing of the other task, and not the whole corpus.
    expect(again.every((text) => / Two-d\d+$/.test(text))).toBe(true)
    expect(again.length).toBeLessThan(SIZE.documents)
    expect([...stub.answered.values()].every((times) => times === 1)).toBe(true)
    expect(before.size).toBeGreaterThan(SIZE.documents)
  })
})
