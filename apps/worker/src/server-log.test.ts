import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { waitUntil } from '@sweepboard/test-kit'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ServerLog } from './server-log.ts'

describe('ServerLog', () => {
  let folder: string
  let path: string
  let lines: string[]
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'sb-log-'))
    path = join(folder, 'logs/cpu0.log')
    lines = []
  })
  afterEach(() => rmSync(folder, { recursive: true, force: true }))
  const open = (limitBytes?: number) =>
    new ServerLog(path, { now: () => 7, onLine: (line) => lines.push(line), ...(limitBytes ? { limitBytes } : {}) })

  it('shows no secret of the environment and no login in an address, at the end of a line or not', () => {
    const log = open()
    log.hide(['hf_abcdefgh', 'p@ss word'])
    log.write('token hf_abcdefgh\nRuntimeError: 401 for https://me:pa55@hub/x?key=p%40ss%20word\nstill hf_abc')
    log.write('defgh')
    expect(log.tail().split('\n')).toEqual(['token ***', 'RuntimeError: 401 for https://***@hub/x?key=***', 'still ***'])
    expect(log.faults()).toEqual(['RuntimeError: 401 for https://***@hub/x?key=***'])
    expect(lines.join()).not.toMatch(/abcdefgh|pa55/)
  })

  it('keeps the last 40 lines, whole, however the text is cut', () => {
    const log = open()
    const text = Array.from({ length: 100 }, (_, i) => `line ${i}\n`).join('')
    for (let at = 0; at < text.length; at += 7) log.write(text.slice(at, at + 7))
    expect(log.tail().split('\n')).toEqual(Array.from({ length: 40 }, (_, i) => `line ${60 + i}`))
    expect(lines).toHaveLength(100)
    log.begin()
    expect(log.tail()).toBe('')
    log.write('an open end')
    expect(log.tail().split('\n').at(-1)).toBe('an open end')
    expect(log.lastAt).toBe(7)
    log.close()
  })

  it('keeps 8 KiB at most, less where asked for, from the end', () => {
    const log = open()
    for (let i = 0; i < 30; i += 1) log.write(`${i} ${'é'.repeat(400)}\n`)
    expect(Buffer.byteLength(log.tail())).toBeLessThanOrEqual(8192)
    expect(log.tail().split('\n')).toHaveLength(10)
    expect(
      log
        .tail(1700)
        .split('\n')
        .map((line) => line.split(' ')[0]),
    ).toEqual(['28', '29'])
    log.close()
  })

  it('takes out control characters, colours and all but the last state of a progress bar', () => {
    const log = open()
    log.write('\u001b[31mERROR\u001b[0m\u0007 it \u001b]0;title\u0007broke\r\n')
    log.write('loading 1/3\rloading 2/3\rloading 3/3\n\n')
    expect(log.tail()).toBe('ERROR it broke\nloading 3/3')
    log.close()
  })

  it('remembers the errors it named, each once and without its logger, beyond the lines it keeps', () => {
    const log = open()
    log.write('RuntimeError: of the first start\n')
    log.begin()
    for (const who of ['Worker pid=1', 'EngineCore pid=2'])
      log.write(
        `(${who}) ERROR 11-22 06:12:21 [core.py:1512] RuntimeError: Unsupported CPU attention configuration: head_dim=16\n`,
      )
    log.write('torch.OutOfMemoryError: CUDA out of memory.\n0.01 E error: model not found\n')
    log.write('vllm/errors.py: fine\nAssertionError\n')
    for (let i = 0; i < 100; i += 1) log.write(`[shutdown] step ${i}\n`)
    expect(log.faults()).toEqual([
      'RuntimeError: Unsupported CPU attention configuration: head_dim=16',
      'OutOfMemoryError: CUDA out of memory.',
      'error: model not found',
    ])
    log.close()
  })

  it('begins its file anew when that is full, and keeps the part before', async () => {
    const log = open(1000)
    for (let i = 0; i < 45; i += 1) log.write(`${String(i).padStart(3, '0')} ${'x'.repeat(95)}\n`)
    log.close()
    await waitUntil(() => readFileSync(path, 'utf8').startsWith('040') && statSync(path).size === 500, { what: 'the last part' })
    expect(readFileSync(`${path}.1`, 'utf8').slice(0, 3)).toBe('030')
  })
})
