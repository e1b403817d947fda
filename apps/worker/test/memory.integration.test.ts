import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Commit, Load, SideRecipe } from '@sweepboard/contracts'
import { resolveModel } from '@sweepboard/models'
import { liveDescendants, waitUntil } from '@sweepboard/test-kit'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { writeStaticModel } from '../../../packages/models/test/static-model.ts'
import { type Fleet, openFleet } from './fleet.ts'

/** One padded token of its output takes 128 KiB: a planned batch of 2,048 takes 256 MiB. */
const DIM = 32_768
const TEXT_TOKENS = 64

function inferenceChild(): number | undefined {
  return liveDescendants(process.pid).find(({ command }) => command.includes('inference-child'))?.pid
}

/** Resident bytes of a process; 0 for one that is gone. */
function residentBytes(pid: number): number {
  const status = existsSync(`/proc/${pid}/status`) ? readFileSync(`/proc/${pid}/status`, 'utf8') : ''
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) * 1024
}

describe('memory that runs out', () => {
  let fleet: Fleet
  let folder: string
  let model: { load: Load; side: SideRecipe }
  const commits: Commit[] = []
  beforeEach(async () => {
    fleet = await openFleet()
    folder = mkdtempSync(join(tmpdir(), 'sb-memory-'))
    const row = (at: number) => Array.from({ length: DIM }, (_, i) => (i % 7 === at ? 1 : 0))
    await writeStaticModel(folder, { words: ['[UNK]', 'a', 'b', 'c'], table: [row(0), row(1), row(2), row(3)] })
    const { load, recipe } = await resolveModel({ model: folder, recipe: {} }, { baseDir: '/' })
    model = { load, side: recipe.document }
    commits.length = 0
  })
  afterEach(async () => {
    await fleet.close()
    rmSync(folder, { recursive: true })
  })
  /** Sixty-four distinct texts of 64 tokens: two planned batches. */
  const long = (word: string) =>
    Array.from({ length: 64 }, (_, i) => Array.from({ length: TEXT_TOKENS }, (_, at) => (at === i ? word : 'a')).join(' '))
  const submit = (documents: string[]) => fleet.submit({ queries: ['a', 'b'], documents }, model.load, model.side)
  const worker = () =>
    fleet.worker({
      threads: 1,
      link: {
        ...fleet.link,
        commit: (host, ledger, sent) => {
          commits.push(...sent)
          return fleet.link.commit(host, ledger, sent)
        },
      },
    })
  /** What a child needs for texts of a word or two, model and all. */
  const neededBytes = async () => {
    const sweep = await submit(['a b', 'c'])
    let most = 0
    await waitUntil(
      () => {
        most = Math.max(most, residentBytes(inferenceChild() ?? 0))
        return fleet.service.sweepView(sweep).state === 'done'
      },
      { everyMs: 5, deadlineMs: 30_000, what: 'a small sweep' },
    )
    return most
  }
  const splits = (texts: number) => commits.flatMap(({ evidence }) => (evidence.textCount === texts ? [evidence.splitCount] : []))
  const learned = (): { tokenBudget?: number } =>
    JSON.parse(readFileSync(join(fleet.folder, 'worker/slots.json'), 'utf8')).cpu0[model.load.key]

  it('a child the kernel kills gets a second chance, then half the batch, kept over a restart; evidence says so', async () => {
    const { running, events } = await worker()
    const small = await neededBytes()
    const gone = () => events.filter(({ event }) => event === 'child-gone').length
    /** The child, while a planned batch is in its memory. */
    const atWork = () => {
      const pid = inferenceChild()
      return pid !== undefined && residentBytes(pid) > small + 120 * 2 ** 20 && pid
    }
    const sweep = await submit(long('b'))
    for (let kills = 0; kills < 2; kills += 1) {
      process.kill(await waitUntil(atWork, { everyMs: 1, what: `a child at work after ${kills} kills` }), 'SIGKILL')
      await waitUntil(() => gone() === kills + 1, { everyMs: 1, what: `death ${kills + 1} seen` })
    }
    await fleet.done(sweep)
    expect(fleet.service.cells(sweep)).toMatchObject([{ state: 'scored' }])
    expect(learned().tokenBudget).toBe(1024)
    // Both planned batches cut once by the budget, and the budget once by the deaths.
    expect(splits(64)).toEqual([3])
    await running.stop({ drain: true })

    await worker()
    await fleet.done(await submit(long('c')))
    expect(splits(64)).toEqual([3, 2])
  })
})
