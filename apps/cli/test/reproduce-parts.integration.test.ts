import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openPlace, type Place, SHARED, sweepboard } from './command.ts'

const QUERIES = 25
const OTHERS = 25
const MINI = join(SHARED, 'models/all-MiniLM-L6-v2')
const QWEN = join(SHARED, 'models/tiny-qwen3-embedding')

/** Words a document keeps: enough to be found by, and quick to encode. */
const WORDS = 30

const lines = (file: string) => readFileSync(file, 'utf8').split('\n').filter(Boolean)

/** A task folder: the first queries of SciFact with their documents and as many others as fit a test. */
function writeTask(folder: string): string {
  const from = join(SHARED, 'datasets/SciFact')
  const task = join(folder, 'small-facts')
  mkdirSync(join(task, 'qrels'), { recursive: true })
  const [head, ...rows] = lines(join(from, 'qrels/test.tsv'))
  const ids = [...new Set(rows.map((row) => row.split('\t')[0]))].slice(0, QUERIES)
  const judged = rows.filter((row) => ids.includes(row.split('\t')[0]))
  const wanted = new Set(judged.map((row) => row.split('\t')[1]))
  const parsed = lines(join(from, 'corpus.jsonl')).map((line) => {
    const { _id: id, title, text } = JSON.parse(line)
    return { line: JSON.stringify({ _id: id, title, text: text.split(' ').slice(0, WORDS).join(' ') }), id: String(id) }
  })
  const others = parsed.filter(({ id }) => !wanted.has(id)).slice(0, OTHERS)
  const corpus = [...parsed.filter(({ id }) => wanted.has(id)), ...others]
  const queries = lines(join(from, 'queries.jsonl')).filter((line) => ids.includes(String(JSON.parse(line)._id)))
  writeFileSync(join(task, 'corpus.jsonl'), `${corpus.map(({ line }) => line).join('\n')}\n`)
  writeFileSync(join(task, 'queries.jsonl'), `${queries.join('\n')}\n`)
  writeFileSync(join(task, 'qrels/test.tsv'), `${[head, ...judged].join('\n')}\n`)
  return task
}

describe.skipIf(!existsSync(MINI) || !existsSync(QWEN))('reproduce names the broken part first (needs ../shared)', () => {
  let place: Place
  let task: string
  let published: string
  beforeAll(async () => {
    place = openPlace()
    task = writeTask(place.folder)
    published = join(place.folder, 'published')
    const spec = place.write('right.yaml', `sweep: right\ntasks: [${task}]\nmodels: [${MINI}, ${QWEN}]\n`)
    const ran = await sweepboard('run', spec, '--no-serve', '--data', place.data)
    expect(ran.exit, ran.stderr).toBe(0)
    expect((await sweepboard('export', published, '--data', place.data)).exit).toBe(0)
  }, 240_000)
  afterAll(() => place.remove())

  async function reproduce(model: string, ...options: string[]) {
    const common = ['--published', published, '--data', place.data, '--tolerance', '0.002', '--json']
    const ran = await sweepboard('reproduce', model, task, ...common, ...options)
    return { exit: ran.exit, found: JSON.parse(ran.stdout), stderr: ran.stderr }
  }

  it('passes the right recipe, and tries no part then', async () => {
    const { exit, found } = await reproduce(MINI)
    expect(exit).toBe(0)
    expect(found).toMatchObject({ outcome: 'PASS', gap: 0, explanation: null })
  })

  for (const { name, model, options, part } of [
    { name: 'pooling', model: MINI, options: ['--recipe', '{pooling: cls}'], part: 'pooling' },
    { name: 'truncation', model: MINI, options: ['--recipe', '{maxTokens: 10}'], part: 'max tokens' },
    { name: 'the prompt', model: QWEN, options: ['--instruction', 'none'], part: 'prompt' },
  ]) {
    it(`breaks ${name} and hears ${part} first`, async () => {
      const { exit, found, stderr } = await reproduce(model, ...options)
      expect(exit, stderr).toBe(1)
      expect(found.outcome).toBe('FAIL')
      const [first, ...others] = found.explanation.parts
      expect(first.part).toBe(part)
      expect(first.explained).toBeGreaterThan(0.99)
      expect(others.length).toBeGreaterThan(3)
      expect(found.explanation.sample).toMatchObject({ queries: null, isTelling: true })
      expect(found.explanation.sentence).toContain(`The ${part} explains`)
      expect(found.whose).not.toContain('wrong weights')
    }, 240_000)
  }

  it('tries the parts on a sample of queries where it is told to', async () => {
    const { found } = await reproduce(MINI, '--recipe', '{pooling: cls}', '--sample', '10')
    expect(found.explanation.sample.queries).toBe(10)
    expect(found.explanation.parts.every((one: { paired: { count: number } | null }) => (one.paired?.count ?? 10) === 10)).toBe(
      true,
    )
  }, 240_000)
})
