import { chmodSync, cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { cellsOf, openPlace, type Place, REPOSITORY, SHARED, sweepboard } from './command.ts'

interface Refusal {
  readonly code: string
  readonly mistakes: readonly { code: string; message: string; fix: string; file?: string; line?: number }[]
}

let place: Place
beforeEach(() => {
  place = openPlace()
})
afterEach(() => place.remove())

const run = (spec: string) => sweepboard('run', spec, '--no-serve', '--json', '--data', place.data)

/** Runs a sweep that must be refused, and makes sure that nothing of it was recorded. */
async function refused(spec: string): Promise<Refusal> {
  const ended = await run(spec)
  expect(ended.exit, ended.stdout + ended.stderr).toBe(2)
  if (existsSync(join(place.data, 'ledger.db')))
    expect(JSON.parse((await sweepboard('status', '--data', place.data, '--json')).stdout)).toEqual([])
  return JSON.parse(ended.stdout.trim().split('\n').at(-1) as string)
}

const places = (refusal: Refusal) =>
  refusal.mistakes.map(({ code, file, line }) => `${file?.slice(place.folder.length + 1)}:${line} ${code}`)

interface TaskFiles {
  readonly corpus: string | Uint8Array
  readonly queries: string | Uint8Array
  readonly qrels: string
}
const GOOD: TaskFiles = {
  corpus: '{"_id":"a","text":"the cat sat"}\n{"_id":"b","text":"rain in the north"}\n',
  queries: '{"_id":"q","text":"weather"}\n',
  qrels: 'query-id\tcorpus-id\tscore\nq\tb\t1\n',
}

/** A task folder `tasks/<name>` and a sweep over all of them with a model that needs no file. */
function writeTask(name: string, files: Partial<TaskFiles>): void {
  const folder = join(place.folder, 'tasks', name)
  mkdirSync(join(folder, 'qrels'), { recursive: true })
  const { corpus, queries, qrels } = { ...GOOD, ...files }
  writeFileSync(join(folder, 'corpus.jsonl'), corpus)
  writeFileSync(join(folder, 'queries.jsonl'), queries)
  writeFileSync(join(folder, 'qrels/test.tsv'), qrels)
}
const writeSpec = (tasks: readonly string[], models = 'mteb/baseline-random-encoder') =>
  place.write(
    'sweep.yaml',
    `sweep: refusals\ntasks: [${tasks.map((name) => `./tasks/${name}`).join(', ')}]\nmodels: [${models}]\n`,
  )

describe('a sweep file with mistakes', () => {
  it('refuses two folders of one name, which would share a column of the board', async () => {
    writeTask('mine', {})
    writeTask('other/mine', { corpus: `${GOOD.corpus}{"_id":"c","text":"more"}\n` })
    const refusal = await refused(writeSpec(['mine', 'mine', 'other/mine']))
    expect(places(refusal)).toEqual(['sweep.yaml:2 SB-SPEC-010'])
    expect(refusal.mistakes[0]?.message).toContain('two tasks are called "mine"')
  })

  it('names nine mistakes at once, each with its line, and starts nothing', async () => {
    const spec = place.write(
      'nine.yaml',
      `sweep: nine
taks: [SciFact]
tasks: [SciFactt, ./nowhere]
models: [local/nothing, ./no-folder]
matrix: { dimensions: many }
gates:
  - { ndcg_at_10: "about 0.8" }
budget: { cell: soon }
limit: -1
`,
    )
    const ended = await run(spec)
    expect(ended.exit).toBe(2)
    expect(existsSync(place.data)).toBe(false)
    const refusal = JSON.parse(ended.stdout) as Refusal
    expect(refusal.code).toBe('SB-SPEC-001')
    expect(places(refusal)).toEqual([
      'nine.yaml:2 SB-SPEC-003',
      'nine.yaml:3 SB-SPEC-005',
      'nine.yaml:3 SB-TASK-008',
      'nine.yaml:4 SB-SPEC-006',
      'nine.yaml:4 SB-MODEL-001',
      'nine.yaml:5 SB-SPEC-004',
      'nine.yaml:7 SB-SPEC-004',
      'nine.yaml:8 SB-SPEC-004',
      'nine.yaml:9 SB-SPEC-004',
    ])
    expect(refusal.mistakes[0]?.message).toContain('did you mean "tasks"?')
    expect(refusal.mistakes[1]?.message).toContain('did you mean "SciFact"?')
    expect(refusal.mistakes[5]?.message).toContain('"full"')
    expect(refusal.mistakes.every((mistake) => mistake.fix.length > 10)).toBe(true)
  })

  it('reads broken YAML, a doubled key and an empty list as mistakes with lines', async () => {
    expect(places(await refused(place.write('broken.yaml', 'sweep: x\ntasks: [SciFact\n')))[0]).toMatch(
      /^broken\.yaml:[23] SB-SPEC-002$/,
    )
    expect(places(await refused(place.write('twice.yaml', 'sweep: x\ntasks: [SciFact]\nsweep: y\n')))[0]).toBe(
      'twice.yaml:3 SB-SPEC-002',
    )
    const empty = 'sweep: x\ntasks: [SemanticTrapsEn]\nmodels: [local/pocket-static-en]\nmatrix: {}\noverrides: []\n'
    expect(places(await refused(place.write('empty.yaml', empty)))).toEqual(['empty.yaml:5 SB-SPEC-004'])
  })

  it('a sweep file that is not there is exit 3', async () => {
    expect((await run(join(place.folder, 'absent.yaml'))).exit).toBe(3)
  })
})

describe('bad data', () => {
  it('refuses the sweep whole: every mistake of every task, with file and line', async () => {
    writeTask('lines', { corpus: '{"_id":"a","text":"x"}\n{"_id":"a","text":"y"}\nnot json\n{"_id":"b","text":"\\ud800 x"}\n' })
    writeTask('bytes', {
      queries: new Uint8Array([...Buffer.from('{"_id":"q","text":"w"}\n{"_id":"r","text":"'), 0xff, 0xfe, 0x22, 0x7d, 0x0a]),
    })
    writeTask('empty', { corpus: '' })
    writeTask('good', {})
    const refusal = await refused(writeSpec(['lines', 'bytes', 'empty', 'good']))
    expect(refusal.code).toBe('SB-SPEC-001')
    expect(places(refusal).sort()).toEqual([
      'tasks/bytes/queries.jsonl:2 SB-TASK-005',
      expect.stringMatching(/^tasks\/empty\/corpus\.jsonl:\S+ SB-TASK-004$/),
      'tasks/lines/corpus.jsonl:2 SB-TASK-003',
      'tasks/lines/corpus.jsonl:3 SB-TASK-002',
      'tasks/lines/corpus.jsonl:4 SB-TASK-006',
    ])
  })

  it('data that changed under its scores is a conflict, and the old scores stay', async () => {
    writeTask('moving', {})
    const spec = writeSpec(['moving'])
    expect((await run(spec)).exit).toBe(0)
    writeTask('moving', { qrels: 'query-id\tcorpus-id\tscore\nq\ta\t1\n' })
    const again = await run(spec)
    expect(again.exit).toBe(3)
    expect(again.stdout).toContain('SB-LEDGER-006')
    expect(JSON.parse((await sweepboard('status', '--data', place.data, '--json')).stdout).length).toBe(1)
  })

  it('an empty text, a text of 1 MB and judgments of unknown ids are handled and counted', async () => {
    const long = 'north '.repeat(180_000)
    writeTask('odd', {
      corpus: `${GOOD.corpus}{"_id":"c","text":""}\n{"_id":"d","text":"${long}"}\n`,
      qrels: `${GOOD.qrels}q\tghost\t1\nnobody\ta\t1\n`,
    })
    const ended = await run(writeSpec(['odd'], 'local/pocket-static-en'))
    expect(ended.exit, ended.stdout + ended.stderr).toBe(0)
    const out = join(place.folder, 'out')
    await sweepboard('export', out, '--data', place.data)
    const board = JSON.parse((await sweepboard('leaderboard', '--data', place.data, '--json')).stdout)
    const { model, revision } = board.rows[0]
    const text = readFileSync(join(out, model.replace('/', '__'), revision, 'odd.json'), 'utf8').replace(/:\s*NaN/g, ': null')
    const [evidence] = JSON.parse(text).sweepboard.evidence
    expect(evidence.document.truncatedCount).toBe(1)
    expect(evidence.data).toMatchObject({ unknownDocumentCount: 1, unknownQueryCount: 1, emptyTextCount: 1, documentCount: 4 })
    expect(ended.stderr).toContain('1 judgments name an unknown document')
  })
})

describe('models at fault', () => {
  const SHIPPED = join(REPOSITORY, 'examples/models/pocket-static-en')
  function copyModel(name: string): string {
    const folder = join(place.folder, name)
    cpSync(SHIPPED, folder, { recursive: true })
    return folder
  }

  it('a cut ONNX file and a tokenizer that cannot be read are mistakes of the sweep file', async () => {
    const cut = join(copyModel('cut'), 'onnx/model.onnx')
    chmodSync(cut, 0o644)
    writeFileSync(cut, readFileSync(cut).subarray(0, 100_000))
    const foreign = join(copyModel('foreign'), 'tokenizer.json')
    chmodSync(foreign, 0o644)
    writeFileSync(foreign, '{"model":{}}')
    const spec = place.write('models.yaml', 'sweep: m\ntasks: [SemanticTrapsEn]\nmodels:\n  - ./cut\n  - ./foreign\n')
    expect(places(await refused(spec))).toEqual(['models.yaml:4 SB-MODEL-002', 'models.yaml:5 SB-MODEL-003'])
  })

  it.skipIf(!existsSync(join(SHARED, 'models/tiny-qwen3-embedding')))(
    "another model's tokenizer is refused (needs ../shared)",
    async () => {
      const file = join(copyModel('swapped'), 'tokenizer.json')
      chmodSync(file, 0o644)
      writeFileSync(file, readFileSync(join(SHARED, 'models/tiny-qwen3-embedding/tokenizer.json')))
      const spec = place.write('swapped.yaml', 'sweep: m\ntasks: [SemanticTrapsEn]\nmodels: [./swapped]\n')
      const refusal = await refused(spec)
      expect(places(refusal)).toEqual(['swapped.yaml:3 SB-MODEL-003'])
      expect(refusal.mistakes[0]?.message).toContain('[CLS]')
    },
  )

  it('NaN of a server fails its own cells with a code; the others are scored', async () => {
    const server = await openNanServer()
    try {
      writeTask('good', {})
      const spec = place.write(
        'nan.yaml',
        `sweep: nan\ntasks: [./tasks/good]\nmodels:\n  - local/pocket-static-en\n  - model: me/nan\n    engine: { openai: { url: "${server.url}" } }\n    recipe: { similarity: cosine, normalize: true }\n`,
      )
      const ended = await run(spec)
      expect(ended.exit, ended.stdout + ended.stderr).toBe(1)
      const states = cellsOf(ended.stdout).map(({ model, state, failure }) => `${model} ${state} ${failure?.code ?? ''}`.trim())
      expect(states.sort()).toEqual([
        'local/pocket-static-en scored',
        expect.stringMatching(/^me\/nan failed SB-(HTTP-004|MODEL-005)$/),
      ])
    } finally {
      server.close()
    }
  })
})

/** A /v1/embeddings server that is well as long as it is probed, and answers NaN to the task's texts. */
async function openNanServer(): Promise<{ url: string; close: () => void }> {
  const server: Server = createServer(async (request, response) => {
    let body = ''
    for await (const part of request) body += part
    const input = (JSON.parse(body || '{"input":[]}') as { input: string | string[] }).input
    const texts = Array.isArray(input) ? input : [input]
    const data = texts.map((text, index) => {
      const row = new Float32Array([1, 2, 3, text.length % 7])
      if (!text.includes('sweepboard probe')) row[1] = Number.NaN
      return { index, embedding: Buffer.from(row.buffer).toString('base64') }
    })
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify({ data, model: 'nan', usage: { prompt_tokens: texts.length } }))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`, close: () => server.close() }
}

describe('a server that is busy or away when the sweep is planned', () => {
  const model = (url: string) => `{ model: org/name, engine: { openai: { url: "${url}", model: name } } }`
  const busy = createServer((_request, response) => response.writeHead(429, { 'retry-after': '600' }).end())
  beforeAll(() => new Promise<void>((resolve) => busy.listen(0, '127.0.0.1', resolve)))
  afterAll(() => busy.close())
  const busyUrl = () => `http://127.0.0.1:${(busy.address() as AddressInfo).port}/v1`

  it.each([
    ['busy', busyUrl, 'SB-HTTP-002'],
    ['away', () => 'http://127.0.0.1:9/v1', 'SB-HTTP-001'],
  ])('is no mistake of the file (%s)', async (_, url, code) => {
    writeTask('good', {})
    const ended = await run(writeSpec(['good'], model(url())))
    expect(ended.exit, ended.stdout + ended.stderr).toBe(4)
    const refusal = JSON.parse(ended.stdout) as Refusal
    expect([refusal.code, places(refusal)]).toEqual([code, [`sweep.yaml:3 ${code}`]])
    expect(existsSync(place.data)).toBe(false)
  })

  it('is one mistake among others where there are some', async () => {
    writeTask('good', {})
    const refusal = await refused(writeSpec(['good'], `local/nothing, ${model(busyUrl())}`))
    expect([refusal.code, places(refusal)]).toEqual(['SB-SPEC-001', ['sweep.yaml:3 SB-SPEC-006', 'sweep.yaml:3 SB-HTTP-002']])
  })
})

describe('a wrong address', () => {
  it('refuses a port that no machine has, as bad usage', async () => {
    const serve = await sweepboard('serve', '--port', '65536', '--data', place.data)
    expect(serve).toMatchObject({ exit: 2, stderr: expect.stringContaining('a port, 0 to 65535') })
  })

  it('says once that the service of a submit does not answer, and blames no line of the sweep file', async () => {
    writeTask('good', {})
    const nobody = 'http://127.0.0.1:9'
    const submitted = await sweepboard(
      'submit',
      writeSpec(['good'], 'mteb/baseline-random-encoder, local/pocket-static-en'),
      '--to',
      nobody,
    )
    expect(submitted.exit, submitted.stderr).toBe(4)
    expect(submitted.stderr).toContain('SB-SERVE-004')
    expect(submitted.stderr).not.toContain('SB-SPEC-001')
  })
})
