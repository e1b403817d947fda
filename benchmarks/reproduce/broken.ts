// Whether `reproduce` names the part that was broken on purpose, against published scores and on whole tasks:
// `node start.mjs benchmarks/reproduce/broken.ts [--shared DIR] [--only NAME]`. It needs the models, data sets and published results
// of `--shared` (../shared), and minutes: every part of the recipe is one pass over the task.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

const { values } = parseArgs({ options: { shared: { type: 'string' }, only: { type: 'string' } } })
const REPOSITORY = fileURLToPath(new URL('../../', import.meta.url))
const SHARED = resolve(values.shared ?? join(REPOSITORY, '../shared'))
const MINILM = join(SHARED, 'models/all-MiniLM-L6-v2')

interface Case {
  readonly name: string
  readonly task: readonly string[]
  readonly recipe: string
  /** Part that must come first; null where the score must pass. */
  readonly part: string | null
}

const CASES: readonly Case[] = [
  { name: 'right', task: ['AILAStatutes'], recipe: '{}', part: null },
  { name: 'pooling', task: ['AILAStatutes'], recipe: '{pooling: cls}', part: 'pooling' },
  { name: 'pooling-en', task: ['XQuADRetrieval', '--subsets', 'en'], recipe: '{pooling: cls}', part: 'pooling' },
  { name: 'truncation-en', task: ['XQuADRetrieval', '--subsets', 'en'], recipe: '{maxTokens: 32}', part: 'max tokens' },
  { name: 'pooling-sample', task: ['SciFact'], recipe: '{pooling: cls}', part: 'pooling' },
]

interface Found {
  readonly outcome: string
  readonly ours: number
  readonly published: number
  readonly explanation: {
    readonly sentence: string
    readonly sample: unknown
    readonly parts: readonly { part: string; change: string; explained: number | null }[]
  } | null
}

const data = mkdtempSync(join(tmpdir(), 'sweepboard-reproduce-'))
let wrong = 0
for (const one of CASES.filter(({ name }) => values.only === undefined || name === values.only)) {
  const started = performance.now()
  const [task, ...rest] = one.task as [string, ...string[]]
  const where = ['--datasets', join(SHARED, 'datasets'), '--published', join(SHARED, 'mteb-results'), '--data', data]
  const args = [
    'apps/cli/bin/sweepboard.mjs',
    'reproduce',
    MINILM,
    task,
    ...rest,
    '--recipe',
    one.recipe,
    '--tolerance',
    '0.005',
    '--json',
    ...where,
  ]
  const ran = spawnSync(process.execPath, args, { cwd: REPOSITORY, encoding: 'utf8', maxBuffer: 2 ** 28 })
  const found = JSON.parse(ran.stdout) as Found
  const first = found.explanation?.parts[0]
  const isRight = one.part === null ? found.outcome === 'PASS' : found.outcome === 'FAIL' && first?.part === one.part
  if (!isRight) wrong += 1
  console.log(
    JSON.stringify({
      case: one.name,
      isRight,
      ours: found.ours,
      published: found.published,
      first: first && `${first.part}: ${first.change}, ${Math.round((first.explained ?? 0) * 100)} %`,
      sample: found.explanation?.sample,
      sentence: found.explanation?.sentence,
      seconds: Math.round((performance.now() - started) / 1000),
    }),
  )
}
rmSync(data, { recursive: true, force: true })
process.exitCode = wrong === 0 ? 0 : 1
