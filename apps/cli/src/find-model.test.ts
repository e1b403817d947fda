import { expect, it } from 'vitest'
import { findModel } from './find-model.ts'

const PLACE = { specDir: '/nowhere', readEnv: () => undefined, fingerprints: async () => [], instructions: new Map() }

it.each([
  ['local/pocket-static-em', 'local/pocket-static-en'],
  ['pocket-static-en', 'local/pocket-static-en'],
  ['mteb/baseline-random-encodr', 'mteb/baseline-random-encoder'],
  ['somebody/something-else', undefined],
])('%s may have meant %s', async (model, suggestion) => {
  await expect(findModel({ model }, null, PLACE)).rejects.toMatchObject({ code: 'SB-SPEC-006', details: { model, suggestion } })
})
