import { fingerprintFits, fingerprintOf, PROBE_TEXTS } from '@sweepboard/models'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openPlace, type Place, start, sweepboard } from './command.ts'
import { type EmbeddingsStub, STUB_DIM, startStub, stubVector } from './fleet-stub.ts'

const SIZE = 1e-4

let place: Place
let stub: EmbeddingsStub
let spec: string
beforeAll(async () => {
  place = openPlace()
  stub = await startStub()
  spec = place.write(
    'jitter.yaml',
    `sweep: jitter\ntasks: [SemanticTrapsEn]\nmodels: [acme/stub]\nengine: { openai: { url: "${stub.url}" } }\n`,
  )
})
afterAll(async () => {
  await stub.close()
  place.remove()
})

/** Jitter of one size: signs drawn from seed, text and component. */
function jitterOf(seed: number): EmbeddingsStub['jitter'] {
  return (text, component) => {
    let state = (seed * 7919 + component * 104729 + text.length * 31 + text.charCodeAt(text.length - 1)) | 1
    for (let i = 0; i < 3; i += 1) {
      state ^= state << 13
      state ^= state >>> 17
      state ^= state << 5
    }
    return state & 0x400 ? SIZE : -SIZE
  }
}

function probesWith(jitter: EmbeddingsStub['jitter']) {
  const values = PROBE_TEXTS.flatMap((text) => stubVector(text).map((member, i) => member + jitter(text, i)))
  return { rowCount: PROBE_TEXTS.length, dim: STUB_DIM, values: Float32Array.from(values) }
}

const groupKeys = async (...args: string[]) => {
  const { exit, stdout, stderr } = await sweepboard('plan', spec, '--json', ...args)
  expect(exit, stderr).toBe(0)
  return (JSON.parse(stdout) as { groups: { key: string }[] }).groups.map(({ key }) => key)
}

describe('an endpoint whose vectors jitter by 1e-4', () => {
  it('keeps the load key its data folder knows, here and through a service', async () => {
    const first = fingerprintOf(probesWith(() => 0))
    const seed = Array.from({ length: 5000 }, (_, i) => i).find((i) => fingerprintOf(probesWith(jitterOf(i))) !== first) as number
    expect(seed, 'a jitter that moves a probe into another cell').toBeDefined()
    expect(fingerprintFits(first, probesWith(jitterOf(seed)))).toBe(true)

    const ran = await sweepboard('run', spec, '--no-serve', '--json', '--data', place.data)
    expect(ran.exit, ran.stdout.slice(-3000)).toBe(0)
    const keys = await groupKeys('--data', place.data)
    stub.jitter = jitterOf(seed)
    expect(await groupKeys('--data', `${place.data}-of-somebody-else`)).not.toEqual(keys)
    expect(await groupKeys('--data', place.data)).toEqual(keys)

    stub.answered.clear()
    const again = await sweepboard('run', spec, '--no-serve', '--json', '--data', place.data)
    expect(again.exit, again.stderr).toBe(0)
    expect(stub.answered.size, 'texts encoded a second time').toBe(0)

    const service = start(['serve', '--port', '0', '--data', place.data, '--json'])
    await service.until('"event":"listening"')
    const { url } = JSON.parse(service.said().stdout.split('\n')[0] ?? '') as { url: string }
    expect(await groupKeys('--to', url)).toEqual(keys)
    const sent = await sweepboard('submit', spec, '--to', url)
    expect(sent.exit, sent.stderr).toBe(0)
    const watched = await sweepboard('watch', 'jitter', '--to', url, '--json')
    expect(watched.stdout.trim().split('\n').at(-1)).toContain('"scored":1')
    service.child.kill('SIGTERM')
    await service.ended
  })
})
