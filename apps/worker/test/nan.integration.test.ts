import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { resolveModel } from '@sweepboard/models'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { writeStaticModel } from '../../../packages/models/test/static-model.ts'
import { type Fleet, openFleet } from './fleet.ts'

describe('an ONNX model that gives NaN for one token', () => {
  let fleet: Fleet
  let folder: string
  beforeEach(async () => {
    fleet = await openFleet()
    folder = mkdtempSync(join(tmpdir(), 'sb-nan-'))
    await writeStaticModel(folder, {
      words: ['[UNK]', 'good', 'bad', 'fair'],
      table: [
        [1, 0],
        [0, 1],
        [Number.NaN, 0],
        [1, 1],
      ],
    })
  })
  afterEach(async () => {
    await fleet.close()
    rmSync(folder, { recursive: true })
  })

  it('fails the cells over that text, with code and text; the same model scores the sweep beside it', async () => {
    const { load, recipe } = await resolveModel({ model: folder, recipe: {} }, { baseDir: '/' })
    const documents = Array.from({ length: 60 }, (_, i) => (i % 2 === 0 ? 'good fair' : `fair ${'good '.repeat(i)}`.trim()))
    const spoiled = documents.with(41, 'good bad fair')
    const bad = await fleet.submit({ queries: ['good', 'fair'], documents: spoiled }, load, recipe.document)
    const good = await fleet.submit({ queries: ['good', 'fair good'], documents }, load, recipe.document)
    const { running, events } = await fleet.worker({ threads: 1 })
    await fleet.done(bad)
    await fleet.done(good)
    await running.idle()
    expect(events.filter(({ event }) => event === 'chunk-failed')).toMatchObject([
      { kind: 'poison', code: 'SB-MODEL-005', text: 41 },
    ])
    expect(fleet.service.cells(bad)).toMatchObject([
      { state: 'failed', failure: { code: 'SB-MODEL-005', details: { text: 41 } } },
    ])
    // The text by its own id in the task, for whoever has to look at it.
    expect(fleet.service.cells(bad)[0]?.failure?.message).toContain('document d41')
    expect(fleet.service.cells(good)).toMatchObject([{ state: 'scored' }])
  })
})
