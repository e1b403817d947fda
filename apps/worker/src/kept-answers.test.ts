import { mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sha256 } from '@sweepboard/contracts'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { clearKept, KeptAnswers } from './kept-answers.ts'

const REQUEST = sha256('some texts')
const ANSWER = { rows: [new Float32Array([1.5, -2]), new Float32Array([0, 3e-9])], tokenCount: 7 }

describe('kept answers', () => {
  let folder: string
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'sb-kept-'))
  })
  afterEach(() => rmSync(folder, { recursive: true }))
  const open = () => new KeptAnswers(join(folder, 'load'))

  it('are there for the next try, to the bit, until the chunk is written', async () => {
    const first = open()
    expect(await first.get(REQUEST)).toBeNull()
    await first.put(REQUEST, ANSWER)
    const second = open()
    expect(await second.get(REQUEST)).toEqual(ANSWER)
    await second.put(sha256('more'), { rows: [new Float32Array([4, 5])], tokenCount: null })
    expect(await open().get(sha256('more'))).toEqual({ rows: [new Float32Array([4, 5])], tokenCount: null })
    await second.clear()
    expect(readdirSync(join(folder, 'load'))).toEqual([])
  })

  it('are not believed when cut or changed', async () => {
    await open().put(REQUEST, ANSWER)
    const path = join(folder, 'load', REQUEST)
    const whole = readFileSync(path)
    for (let length = 0; length < whole.length; length += 1) {
      writeFileSync(path, whole.subarray(0, length))
      expect(await open().get(REQUEST), `${length} bytes`).toBeNull()
    }
    const changed = Buffer.from(whole)
    changed.writeUInt8((changed.at(-1) as number) ^ 1, changed.length - 1)
    writeFileSync(path, changed)
    expect(await open().get(REQUEST)).toBeNull()
  })

  it('go when nobody has come back to them, and are not missed where nothing can be kept', async () => {
    await open().put(REQUEST, ANSWER)
    clearKept(folder)
    expect(readdirSync(join(folder, 'load'))).toEqual([REQUEST])
    const then = Date.now() / 1000 - 4000
    utimesSync(join(folder, 'load', REQUEST), then, then)
    clearKept(folder)
    expect(readdirSync(join(folder, 'load'))).toEqual([])
    clearKept(join(folder, 'nowhere'))
    writeFileSync(join(folder, 'file'), '')
    const nowhere = new KeptAnswers(join(folder, 'file'))
    await nowhere.put(REQUEST, ANSWER)
    expect(await nowhere.get(REQUEST)).toBeNull()
    await nowhere.clear()
  })
})
