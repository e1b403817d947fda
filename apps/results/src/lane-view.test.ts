import { Load, sha256 } from '@sweepboard/contracts'
import { expect, it } from 'vitest'
import { servedBy } from './lane-view.ts'

it.each([
  [
    'the launcher of a server that a worker starts',
    { launch: { launcher: 'vllm', serves: 'vectors', devices: ['cuda'] } },
    'vllm',
  ],
  ["the engine of somebody else's", { url: 'http://here/v1' }, 'openai'],
])('what serves a lane is called %s', (_what, open, called) => {
  const identity = { engine: 'openai', weights: null, dtype: 'float16', provider: 'any', options: {}, fingerprint: null }
  const load = Load.parse({ key: sha256('lane'), model: 'acme/model', revision: '1', identity, open, memoryBytes: 1 })
  expect(servedBy(load)).toBe(called)
})
