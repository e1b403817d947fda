import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { listShippedTasks } from '@sweepboard/tasks'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { cellsOf, openPlace, type Place, readEvents, SHARED, start, sweepboard } from './command.ts'

const TREC = join(SHARED, 'golden/trec_eval')
const COMMANDS = [
  'run',
  'plan',
  'serve',
  'worker',
  'submit',
  'watch',
  'status',
  'cancel',
  'pause',
  'resume',
  'retry',
  'leaderboard',
  'compare',
  'history',
  'export',
  'import',
  'score',
  'consistency',
  'calibrate',
  'reproduce',
  'report',
  'fuse',
  'tasks',
  'models',
  'gc',
  'doctor',
  'explain',
]
const SPEC = 'sweep: traps\ntasks: [SemanticTrapsEn]\nmodels: [local/pocket-static-en]\nmatrix: { dimensions: [full, 64] }\n'

let place: Place
let spec: string
beforeAll(() => {
  place = openPlace()
  spec = place.write('traps.yaml', SPEC)
})
afterAll(() => place.remove())

describe('help and exit codes', () => {
  it.each(COMMANDS)('%s --help has an example of itself', async (command) => {
    const { exit, stdout } = await sweepboard(command, '--help')
    expect(exit).toBe(0)
    expect(stdout).toMatch(new RegExp(`Examples:[\\s\\S]*sweepboard ${command}`))
  })

  it('what is no command, lacks an argument or names nothing known is 2 or 3, with words on stderr', async () => {
    for (const [args, exit] of [
      [['nonsense'], 2],
      [['run'], 2],
      [['leaderboard', '--nonsense'], 2],
      [['explain', 'SB-NONE-999'], 3],
      [['tasks', 'SciFactt'], 2],
      [['status', '--to', 'http://127.0.0.1:9'], 4],
    ] as const) {
      const ended = await sweepboard(...args)
      expect(ended.exit, args.join(' ')).toBe(exit)
      expect(ended.stderr.length).toBeGreaterThan(10)
      expect(ended.stdout).toBe('')
    }
  })

  it('explain, tasks, models and doctor answer one JSON document', async () => {
    const json = async (...args: string[]) => JSON.parse((await sweepboard(...args, '--json')).stdout)
    expect(await json('explain', 'sb-task-003')).toMatchObject({ code: 'SB-TASK-003', exit: 2 })
    expect((await json('explain')).length).toBeGreaterThan(60)
    expect(await json('tasks', 'SciFact')).toMatchObject({ name: 'SciFact', type: 'Retrieval' })
    const retrieval = (await json('tasks', '--type', 'Retrieval')) as { name: string; type: string; isShipped: boolean }[]
    expect(retrieval.filter((task) => task.isShipped).map((task) => task.name)).toEqual(listShippedTasks())
    expect(retrieval.every((task) => task.type === 'Retrieval')).toBe(true)
    expect((await json('models')).map((model: { model: string }) => model.model)).toContain('local/pocket-static-en')
    const checks = (await json('doctor', '--data', join(place.folder, 'doctor'))) as { check: string; state: string }[]
    expect(checks.find((finding) => finding.check === 'data folder')?.state).toBe('ok')
  })
})

describe('a sweep, its board and its files', () => {
  beforeAll(async () => {
    const ran = await sweepboard('run', spec, '--no-serve', '--data', place.data)
    expect(ran.exit, ran.stderr).toBe(0)
    expect(ran.stdout).toContain('2 of 2 cells scored')
  })

  it('status, and the board as table, JSON, CSV and Markdown', async () => {
    const sweeps = JSON.parse((await sweepboard('status', '--data', place.data, '--json')).stdout)
    expect(sweeps).toMatchObject([{ name: 'traps', state: 'done', cells: { total: 2, scored: 2, failed: 0 } }])
    const board = (...args: string[]) =>
      sweepboard('leaderboard', '--data', place.data, ...args).then((ended) => ended.stdout.trim())
    const { rows } = JSON.parse(await board('--json'))
    expect(rows.map((row: { rank: number }) => row.rank)).toEqual([1, 2])
    expect(rows[0].mean).toBeGreaterThan(rows[1].mean)
    const mistyped = await sweepboard('leaderboard', '--data', place.data, '--tasks', 'SemanticTrapsEm,STS12')
    expect(mistyped.stderr).toContain(
      'SB-LEDGER-018: nothing named "SemanticTrapsEm,STS12" has scores here, did you mean "SemanticTrapsEn"?',
    )
    expect([mistyped.exit, mistyped.stdout]).toEqual([3, ''])
    const half = await sweepboard('leaderboard', '--data', place.data, '--json', '--tasks', 'SemanticTrapsEn,STS12')
    expect(half.stderr).toContain('no score of a task "STS12" here\n')
    expect((await sweepboard('leaderboard', '--data', place.data, '--json', '--tasks', 'Nope')).exit).toBe(3)
    const csv = (await board('--csv')).split('\n').map((line) => line.split(','))
    expect(csv[0]).toContain('SemanticTrapsEn')
    expect(csv.length).toBe(3)
    expect(Number(csv[1]?.at(-1))).toBe(rows[0].mean)
    expect(Number(csv[1]?.[csv[0]?.indexOf('mean') ?? -1])).toBe(rows[0].mean)
    expect((await board('--md')).split('\n')[1]).toMatch(/^\| --- (\| --- )+\|$/)
    expect(await board()).toContain('local/pocket-static-en')
  })

  it('two rows compared; what is no row, or has no task in common, is missing', async () => {
    const compare = (...args: string[]) => sweepboard('compare', ...args, '--data', place.data)
    const found = await compare('pocket', 'local/pocket-static-en#64 dims')
    expect(found.exit, found.stderr).toBe(0)
    expect(found.stdout).toMatch(/(A is better|B is better|It cannot be told which is better) on SemanticTrapsEn: /)
    expect(found.stdout).toContain('B  local/pocket-static-en [64 dims]')
    const csv = (await compare('pocket', 'pocket#64 dims', '--csv')).stdout.trim().split('\n')
    expect(csv.map((line) => line.split(',').length)).toEqual([14, 14])
    for (const [args, exit, words] of [
      [['pocket', 'pockets'], 3, 'SB-LEDGER-013'],
      [['pocket', 'pocket#64 dims', '--tasks', 'STS12'], 3, 'no result of either'],
    ] as const) {
      const ended = await compare(...args)
      expect([ended.exit, ended.stdout], args.join(' ')).toEqual([exit, ''])
      expect(ended.stderr).toContain(words)
    }
  })

  it('the board by kind of query: top-1/3/5 with intervals, as table, JSON, CSV and Markdown', async () => {
    const kinds = async (...args: string[]) => {
      const ended = await sweepboard('leaderboard', '--kinds', 'SemanticTrapsEn', '--data', place.data, ...args)
      expect(ended.exit, ended.stderr).toBe(0)
      return ended.stdout.trim()
    }
    const cells = JSON.parse((await sweepboard('status', 'traps', '--data', place.data, '--json')).stdout).cells.total
    const { rows } = JSON.parse(await kinds('--json'))
    expect(rows.length).toBe(cells)
    for (const { all, kinds: byKind } of rows) {
      expect(all.queryCount).toBe(64)
      expect(byKind.length).toBe(8)
      for (const [i, { passed, rate, low, high }] of all.rates.entries()) {
        expect(byKind.reduce((sum: number, one: typeof all) => sum + one.rates[i].passed, 0)).toBe(passed)
        expect(low < rate && rate < high).toBe(true)
      }
    }
    expect((await kinds('--csv')).split('\n').length).toBe(1 + cells * 9)
    expect((await kinds('--md')).split('\n')[1]).toMatch(/^\| --- (\| --- )+\|$/)
    expect(await kinds()).toMatch(/near-duplicate +8 +0\.\d\d \[0\.\d\d, 0\.\d\d\]/)
    const unknown = await sweepboard('leaderboard', '--kinds', 'NoSuchTask', '--data', place.data, '--json')
    expect(JSON.parse(unknown.stdout)).toMatchObject({ event: 'error', code: 'SB-SCORE-004' })
  })

  it('a second run of the same file ends well with the same scores', async () => {
    const again = await sweepboard('run', spec, '--no-serve', '--json', '--data', place.data)
    expect(again.exit).toBe(0)
    const { rows } = JSON.parse((await sweepboard('leaderboard', '--data', place.data, '--json')).stdout)
    expect(cellsOf(again.stdout).map((cell) => cell.main_score)).toEqual(rows.map((row: { mean: number }) => row.mean))
    expect(readEvents(again.stdout).at(-1)).toMatchObject({ event: 'done', exit: 0 })
  })

  it('limited data has scores of its own and is never exported', async () => {
    const limited = place.write('limited.yaml', `${SPEC.replace('traps', 'limited')}limit: 5\n`)
    expect((await sweepboard('run', limited, '--no-serve', '--data', place.data)).exit).toBe(0)
    const out = join(place.folder, 'limited')
    const exported = JSON.parse((await sweepboard('export', out, '--sweep', 'limited', '--data', place.data, '--json')).stdout)
    expect(exported).toEqual({ fileCount: 0, cellCount: 0, limitedCount: 2 })
    expect(existsSync(out)).toBe(false)
  })
})

describe('gc', () => {
  it('counts dry, deletes what nothing refers to and is old enough, and the scores stay', async () => {
    const junk = join(place.data, 'artifacts', 'ab', `ab${'0'.repeat(62)}`)
    mkdirSync(join(junk, '..'), { recursive: true })
    writeFileSync(junk, 'nothing refers to this')
    const gc = async (...args: string[]) => JSON.parse((await sweepboard('gc', '--data', place.data, '--json', ...args)).stdout)
    expect(await gc()).toMatchObject({ unreferenced: 1, old: 0, deleted: 0, dryRun: false })
    expect(await gc('--unreferenced-for', '0s', '--dry-run')).toMatchObject({ unreferenced: 1, old: 1, deleted: 0, dryRun: true })
    expect(existsSync(junk)).toBe(true)
    expect((await sweepboard('gc', '--data', place.data, '--unreferenced-for', '0s')).stdout).toBe(
      '1 artifacts nothing refers to: 1 deleted (22 B)\n',
    )
    expect(existsSync(junk)).toBe(false)
    expect(await gc('--unreferenced-for', '0s')).toMatchObject({ unreferenced: 0, deleted: 0 })
    expect((await sweepboard('gc', '--older-than', 'long', '--data', place.data)).exit).toBe(2)
  })
})

describe('two at once, and Ctrl-C', () => {
  it('a run stopped by SIGINT exits 130; meanwhile a second one is refused with the holder; the next completes', async () => {
    const data = join(place.folder, 'stopped')
    const folder = join(place.folder, 'many')
    mkdirSync(join(folder, 'qrels'), { recursive: true })
    const lines = Array.from({ length: 15_000 }, (_, i) =>
      JSON.stringify({ _id: `d${i}`, text: `document ${i} of ${'rain and snow '.repeat(50)}` }),
    )
    writeFileSync(join(folder, 'corpus.jsonl'), `${lines.join('\n')}\n`)
    writeFileSync(join(folder, 'queries.jsonl'), '{"_id":"q","text":"document 7"}\n')
    writeFileSync(join(folder, 'qrels/test.tsv'), 'query-id\tcorpus-id\tscore\nq\td7\t1\n')
    const many = place.write('many.yaml', 'sweep: many\ntasks: [./many]\nmodels: [local/pocket-static-en]\n')
    const running = start(['run', many, '--no-serve', '--json', '--data', data])
    await running.until('"event":"submitted"')
    const second = await sweepboard('run', many, '--no-serve', '--json', '--data', data)
    expect(second.exit).toBe(3)
    expect(second.stdout).toMatch(new RegExp(`SB-LEDGER-001.*process ${running.child.pid} on`))
    running.child.kill('SIGINT')
    const stopped = await running.ended
    expect(stopped.exit).toBe(130)
    expect(stopped.stdout).toContain('SB-CORE-004')
    expect(stopped.stderr).toContain('Ctrl-C again ends at once')
    const done = await sweepboard('run', many, '--no-serve', '--json', '--data', data)
    expect(done.exit, done.stdout + done.stderr).toBe(0)
    expect(cellsOf(done.stdout).map((cell) => cell.state)).toEqual(['scored'])
  })
})

describe.skipIf(!existsSync(TREC))('score (needs ../shared/golden/trec_eval)', () => {
  const numbers = (text: string) =>
    new Map(
      text
        .split('\n')
        .flatMap((line) =>
          /^\S+\s+\S+\s+-?[\d.]+$/.test(line)
            ? [[line.split(/\s+/).slice(0, 2).join(' '), Number(line.split(/\s+/)[2])] as const]
            : [],
        ),
    )

  it("prints trec_eval's numbers, over all queries and for each", async () => {
    for (const [golden, run, qrels, args] of [
      ['out.test', 'results.test', 'qrels.test', []],
      ['out.test.aq', 'results.test', 'qrels.test', ['-q']],
      ['out.test.aqc', 'results.trunc', 'qrels.test', ['-q', '-c']],
      ['out.test.aqcM', 'results.trunc', 'qrels.test', ['-q', '-c', '-M', '100']],
      ['out.test.aql', 'results.test', 'qrels.rel_level', ['-q', '-l', '2']],
    ] as const) {
      const ended = await sweepboard('score', ...args, join(TREC, run), join(TREC, qrels))
      const wanted = numbers(readFileSync(join(TREC, golden), 'utf8'))
      const found = numbers(ended.stdout)
      const shared = [...found.keys()].filter((key) => wanted.has(key))
      expect(shared.length, golden).toBeGreaterThan(args.length === 0 ? 10 : 40)
      expect(shared.filter((key) => found.get(key) !== wanted.get(key)).map((key) => `${golden} ${key}`)).toEqual([])
    }
  })

  it('names file and line of a line that is no run line', async () => {
    const run = place.write('bad.run', 'q1 Q0 d1 1 0.5 tag\nq1 Q0 d2\n')
    const ended = await sweepboard('score', run, join(TREC, 'qrels.test'))
    expect(ended.exit).toBe(2)
    expect(ended.stderr).toContain('bad.run:2')
  })
})

describe.skipIf(!existsSync(join(SHARED, 'mteb-results/BAAI__bge-m3')))(
  'published results (needs ../shared/mteb-results)',
  () => {
    it('stand beside ours, marked as published', async () => {
      const imported = await sweepboard('import', join(SHARED, 'mteb-results/BAAI__bge-m3'), '--data', place.data, '--json')
      const { files, rows, skipped } = JSON.parse(imported.stdout)
      const revisions = readdirSync(join(SHARED, 'mteb-results/BAAI__bge-m3'))
      const count = revisions.flatMap((revision) =>
        readdirSync(join(SHARED, 'mteb-results/BAAI__bge-m3', revision)).filter(
          (name) => name.endsWith('.json') && name !== 'model_meta.json',
        ),
      ).length
      expect(files + skipped.length).toBe(count)
      expect(rows).toBeGreaterThan(5000)
      const board = JSON.parse(
        (await sweepboard('leaderboard', '--tasks', 'SciFact,SemanticTrapsEn', '--data', place.data, '--json')).stdout,
      )
      const published = board.rows.filter((row: { origin: string }) => row.origin === 'published')
      expect(published[0]).toMatchObject({ model: 'BAAI/bge-m3', rank: null, config: null })
      expect(published[0].scores.SciFact).toBeCloseTo(0.64, 1)
      expect(board.rows.some((row: { origin: string; model: string }) => row.origin === 'ours')).toBe(true)
      const without = await sweepboard('leaderboard', '--no-published', '--data', place.data, '--json')
      expect(without.stdout).not.toContain('published"')
    })
  },
)
