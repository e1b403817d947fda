import { inspect } from 'node:util'
import { SideRecipe, type SweepError } from '@sweepboard/contracts'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { EmbeddingsServer, refuse, send, type Trap } from '../../test/embeddings-server.ts'
import type { Engine } from '../engine.ts'
import { resolveModel } from '../resolve-model.ts'
import { openEndpointEngine } from './endpoint-engine.ts'

const KEY = 'sk-never-to-be-seen'
const RETRY = { firstDelayMs: 5, mostDelayMs: 20, noProgressMs: 10_000 }
const IMPATIENT = { ...RETRY, noProgressMs: 300 }
const SIDE = SideRecipe.parse({})
let server: EmbeddingsServer
beforeEach(async () => {
  server = await EmbeddingsServer.start()
})
afterEach(() => server.stop())

async function open(given: { batch?: number; concurrency?: number; timeout?: number } = {}, retry = RETRY): Promise<Engine> {
  const engine = { openai: { url: server.url, key: '$A_KEY', model: 'remote-name', ...given } }
  const context = { baseDir: '/', readVariable: () => KEY, retry: RETRY }
  const { load } = await resolveModel({ model: 'org/name', engine }, context)
  return openEndpointEngine(load, { apiKey: KEY, retry })
}
const rows = (values: Float32Array) =>
  Array.from({ length: values.length / server.dim }, (_, i) => [...values.subarray(i * server.dim, (i + 1) * server.dim)])
const wanted = (texts: readonly string[]) => texts.map((text) => server.vector(text).map(Math.fround))
const TEXTS = ['one', 'two', 'three', 'four', 'five']

/** A trap that answers well but for one change. */
const spoilt =
  (change: (answer: ReturnType<EmbeddingsServer['answer']>) => unknown): Trap =>
  (response, request) => {
    const answer = server.answer(request)
    send(response, 200, change(answer) ?? answer)
    return true
  }

describe('requests', () => {
  it('sends model, key and float encoding, in batches, the longest texts first, distinct texts once', async () => {
    const engine = await open({ batch: 2, concurrency: 1 })
    const texts = ['one', 'two', 'one', 'three', 'two', 'one']
    const { vectors, counts } = await engine.encode(SIDE, texts)
    expect(rows(vectors.values)).toEqual(wanted(texts))
    expect(server.taskRequests.map((request) => request.input)).toEqual([['three', 'one'], ['two']])
    expect(server.taskRequests[0]).toMatchObject({ model: 'remote-name', authorization: `Bearer ${KEY}` })
    expect(counts).toMatchObject({ batchCount: 2, tokenCount: 9 })
  })

  it('asks behind a chunk whether it is still the same model, but not behind a call that is timed', async () => {
    const engine = await open()
    const asked = async (isTimed: boolean) => {
      const before = server.requests.length
      await engine.encode(SIDE, ['one'], { isTimed })
      return server.requests.length - before
    }
    expect([await asked(false), await asked(true)]).toEqual([2, 1])
  })

  it('applies the template itself', async () => {
    const engine = await open()
    await engine.encode({ ...SIDE, template: 'Instruct: {instruction}\nQuery:{text}', instruction: 'find' }, ['one'])
    expect(server.taskRequests.at(-1)?.input).toEqual(['Instruct: find\nQuery:one'])
  })

  it('keeps to its concurrency', async () => {
    const engine = await open({ batch: 1, concurrency: 3 })
    server.always = (response, request) => {
      setTimeout(() => send(response, 200, server.answer(request)), 20)
      return true
    }
    await engine.encode(
      SIDE,
      Array.from({ length: 12 }, (_, i) => `text ${i}`),
    )
    expect(server.mostAtOnce).toBe(3)
  })

  it('keeps to its concurrency across calls, and sends what was asked first before what was asked later', async () => {
    const engine = await open({ batch: 1, concurrency: 3 })
    server.always = (response, request) => {
      setTimeout(() => send(response, 200, server.answer(request)), 20)
      return true
    }
    const texts = (call: string) => Array.from({ length: 8 }, (_, i) => `${call} ${i}`)
    await Promise.all(['first', 'second', 'third'].map((call) => engine.encode(SIDE, texts(call))))
    expect(server.mostAtOnce).toBe(3)
    const calls = server.taskRequests.map(({ input }) => (input as string[])[0]?.split(' ')[0])
    expect(calls).toEqual(['first', 'second', 'third'].flatMap((call) => new Array(8).fill(call)))
  })

  it('reads base64 and a shuffled index', async () => {
    const engine = await open()
    server.traps.push(
      spoilt((answer) => {
        for (const item of answer.data)
          item.embedding = Buffer.from(Float32Array.from(item.embedding as number[]).buffer).toString('base64')
        answer.data.reverse()
      }),
    )
    const { vectors } = await engine.encode(SIDE, TEXTS)
    expect(rows(vectors.values)).toEqual(wanted(TEXTS))
  })
})

describe('busy servers', () => {
  it('waits as long as Retry-After says, then goes on', async () => {
    const engine = await open()
    server.traps.push(refuse(429, 'slow down', { 'retry-after': '0.15' }), refuse(503))
    const began = performance.now()
    const { vectors } = await engine.encode(SIDE, TEXTS)
    expect(performance.now() - began).toBeGreaterThanOrEqual(145)
    expect(rows(vectors.values)).toEqual(wanted(TEXTS))
    expect(server.taskRequests).toHaveLength(3)
  })

  it('survives a dropped connection and a single 500', async () => {
    const engine = await open()
    server.traps.push((response) => {
      response.destroy()
      return true
    }, refuse(500))
    expect(rows((await engine.encode(SIDE, TEXTS)).vectors.values)).toEqual(wanted(TEXTS))
  })

  it.each([
    ['SB-HTTP-002', refuse(503)],
    ['SB-HTTP-002', refuse(500)],
    ['SB-HTTP-007', () => true],
  ] as const)('gives up with %s beyond the no-progress limit', async (code, trap) => {
    const engine = await open({ timeout: 200 }, IMPATIENT)
    server.always = trap
    await expect(engine.encode(SIDE, TEXTS)).rejects.toMatchObject({ code })
  })

  it('gives up with SB-HTTP-001 when nobody listens', async () => {
    const engine = await open({}, IMPATIENT)
    await server.stop()
    await expect(engine.encode(SIDE, TEXTS)).rejects.toMatchObject({ code: 'SB-HTTP-001' })
  })

  it('does not wait for a Retry-After beyond its limit', async () => {
    const engine = await open()
    server.always = refuse(429, 'quota', { 'retry-after': '3600' })
    await expect(engine.encode(SIDE, TEXTS)).rejects.toMatchObject({ code: 'SB-HTTP-002' })
  })

  it('stops at once when aborted while it waits', async () => {
    const engine = await open()
    const stop = new AbortController()
    server.always = (response) => {
      stop.abort()
      return refuse(503, 'busy', { 'retry-after': '0.3' })(response, server.requests[0] as never)
    }
    await expect(engine.encode(SIDE, TEXTS, { signal: stop.signal })).rejects.toMatchObject({ code: 'SB-CORE-004' })
  })
})

describe('refusals', () => {
  const refuseText =
    (poison: string, status: number): Trap =>
    (response, request) =>
      request.input.includes(poison) && refuse(status, 'input too long')(response, request)

  it.each([400, 413, 422, 500])('finds the one text answered with %i, and its first place', async (status) => {
    const engine = await open({ batch: 4, concurrency: 1 })
    server.always = refuseText('bad', status)
    const texts = ['one', 'one', 'two', 'three', 'bad', 'five', 'bad']
    await expect(engine.encode(SIDE, texts)).rejects.toMatchObject({
      code: 'SB-MODEL-006',
      details: { text: 4, message: `${status} input too long` },
    })
    expect(server.requests.filter((request) => String(request.input) === 'bad').length).toBeGreaterThanOrEqual(2)
  })

  it('takes a server that refuses large batches in smaller ones', async () => {
    const engine = await open({ batch: 8 })
    server.always = (response, request) => request.input.length > 2 && refuse(413, 'batch too large')(response, request)
    expect(rows((await engine.encode(SIDE, TEXTS)).vectors.values)).toEqual(wanted(TEXTS))
  })

  it('blames the request, not a text, when a probe text is refused as well', async () => {
    const engine = await open()
    server.always = refuse(400, 'unknown parameter')
    await expect(engine.encode(SIDE, TEXTS)).rejects.toMatchObject({ code: 'SB-HTTP-003' })
  })

  it.each([301, 401, 403, 404])('fails at once on %i, without the key in the error', async (status) => {
    const engine = await open()
    server.always = refuse(status, `wrong key ${KEY}`, { location: 'http://127.0.0.1:1/' })
    const before = server.requests.length
    const error = await engine.encode(SIDE, TEXTS).then(
      () => null,
      (thrown: SweepError) => thrown,
    )
    expect(error).toMatchObject({ code: 'SB-HTTP-003' })
    expect(inspect(error, { depth: 9 })).not.toContain(KEY)
    expect(server.requests.length).toBe(before + 1)
  })
})

describe('wrong answers', () => {
  it.each<[string, Trap]>([
    ['a vector too few', spoilt((answer) => void answer.data.pop())],
    ['a doubled index', spoilt((answer) => void Object.assign(answer.data[1] as object, { index: 0 }))],
    ['a missing index', spoilt((answer) => void delete (answer.data[1] as { index?: number }).index)],
    ['an index out of range', spoilt((answer) => void Object.assign(answer.data[1] as object, { index: 5 }))],
    ['another dimension', spoilt((answer) => void (answer.data[2] as { embedding: number[] }).embedding.pop())],
    ['null in a vector', spoilt((answer) => void Object.assign(answer.data[0]?.embedding as object, { 3: null }))],
    [
      'NaN in base64',
      spoilt(
        (answer) =>
          void Object.assign(answer.data[0] as object, {
            embedding: Buffer.from(new Float32Array(64).fill(Number.NaN).buffer).toString('base64'),
          }),
      ),
    ],
    ['bare NaN', spoilt((answer) => JSON.stringify(answer).replace(/-?0\.\d+/, 'NaN'))],
    ['cut JSON', spoilt((answer) => JSON.stringify(answer).slice(0, -40))],
    ['no data', spoilt(() => ({ object: 'list' }))],
  ])('refuses %s with SB-HTTP-004, once', async (_, trap) => {
    const engine = await open()
    server.traps.push(trap)
    await expect(engine.encode(SIDE, TEXTS)).rejects.toMatchObject({ code: 'SB-HTTP-004' })
    expect(server.taskRequests).toHaveLength(1)
  })

  it.each([{ error: { message: 'out of quota' } }, { error: 'out of quota' }, { detail: 'out of quota' }])(
    'says the words of %j, answered with 200',
    async (said) => {
      const engine = await open()
      server.traps.push(spoilt(() => said))
      await expect(engine.encode(SIDE, TEXTS)).rejects.toThrow('no data array: out of quota')
    },
  )

  it('refuses an answer that never ends', async () => {
    const engine = await open()
    server.traps.push((response) => {
      const more = (): void => {
        while (!response.destroyed && response.write('x'.repeat(65_536)));
        if (!response.destroyed) response.once('drain', more)
      }
      response.writeHead(200)
      more()
      return true
    })
    await expect(engine.encode(SIDE, ['one'])).rejects.toMatchObject({
      code: 'SB-HTTP-004',
      message: expect.stringContaining('more than'),
    })
  })
})
