import { chmodSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { delimiter, dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { CARDS, type NvidiaStandIn, openStandIn } from '../../worker/test/nvidia-stand-in.ts'
import { openPlace, start } from './command.ts'

interface Finding {
  readonly check: string
  readonly state: string
  readonly message: string
  readonly fix: string | null
}

const place = openPlace()
let smi: NvidiaStandIn
/** A hub that takes one token, and a service whose clock is an hour behind. */
const server = createServer((request, response) => {
  if (request.url === '/api/whoami-v2') response.writeHead(request.headers.authorization === 'Bearer hf_good' ? 200 : 401)
  else response.writeHead(200, { date: new Date(Date.now() - 3_600_000).toUTCString() })
  response.end('{}')
})
let url = ''
beforeAll(async () => {
  smi = openStandIn()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterAll(() => {
  smi.close()
  server.close()
  place.remove()
})

async function doctor(env: Readonly<Record<string, string>>, ...args: string[]) {
  const ended = await start(['doctor', '--data', place.data, '--json', ...args], { HF_ENDPOINT: url, ...env }).ended
  const findings = JSON.parse(ended.stdout) as Finding[]
  return { exit: ended.exit, of: (check: string) => findings.filter((finding) => finding.check === check), findings }
}

describe('doctor', () => {
  it('on a machine with cards: driver, cards, CUDA for onnxruntime, a hub that takes the token', async () => {
    const { exit, of, findings } = await doctor({ PATH: smi.path, HF_TOKEN: 'hf_good' })
    expect(of('gpu')).toMatchObject([
      { state: 'ok', message: expect.stringMatching(/0 NVIDIA GeForce RTX 4090 \(24 GiB, driver 570\.86\.15\), 1 /) },
    ])
    expect(of('cuda for onnx')).toMatchObject([{ state: 'warning', fix: expect.stringContaining('onnxruntime') }])
    expect(of('hub')).toMatchObject([{ state: 'ok', message: expect.stringContaining('takes the token') }])
    expect(findings.filter(({ state, fix }) => (state === 'ok') !== (fix === null))).toEqual([])
    expect(exit).toBe(0)
  })

  it('a driver that does not fit its library, a refused token, an open token file: each with its fix, and exit 1', async () => {
    const open = place.write('open.token', 'x'.repeat(40))
    chmodSync(open, 0o644)
    const short = place.write('short.token', 'short')
    chmodSync(short, 0o600)
    smi.says({ query: 'Failed to initialize NVML: Driver/library version mismatch\n', code: 18 })
    const { exit, of } = await doctor(
      { PATH: smi.path, HF_TOKEN: 'hf_bad' },
      '--to',
      url,
      '--token-file',
      open,
      '--secret',
      short,
      join(place.folder, 'none'),
    )
    smi.says({ query: CARDS, code: 0 })
    expect(exit).toBe(1)
    expect(of('gpu')).toMatchObject([
      { state: 'error', message: expect.stringContaining('mismatch'), fix: expect.stringContaining('restart') },
    ])
    expect(of('hub')).toMatchObject([{ state: 'error', fix: expect.stringContaining('HF_TOKEN') }])
    expect(of('secret file').map(({ state, fix }) => [state, fix])).toEqual([
      ['warning', `chmod 600 ${open}`],
      ['warning', expect.stringContaining('openssl rand')],
      ['error', expect.stringContaining('openssl rand')],
    ])
    expect(of('clock')).toMatchObject([{ state: 'warning', message: expect.stringMatching(/^3(599|600|601)\.\d s ahead/) }])
  })

  it('programs of launchers on PATH are named with their versions, and one that does not start with its words', async () => {
    const bin = dirname(place.write('bin/vllm', '#!/bin/sh\necho "vllm 0.11.2"\n'))
    place.write('bin/llama-server', '#!/bin/sh\necho "libggml.so: cannot open shared object file" >&2\nexit 127\n')
    for (const name of ['vllm', 'llama-server']) chmodSync(join(bin, name), 0o755)
    const { of } = await doctor({ PATH: `${bin}${delimiter}${process.env.PATH}` }, '--offline')
    expect(of('launchers')).toMatchObject([
      { state: 'ok', message: 'vllm 0.11.2' },
      { state: 'warning', message: expect.stringContaining('libggml.so'), fix: expect.any(String) },
    ])
    expect(of('hub')).toMatchObject([{ state: 'ok', message: expect.stringContaining('offline') }])
  })

  it('a Redis it cannot use and an unreadable password file are findings, not failures of its own', async () => {
    const file = join(place.folder, 'no.password')
    const { exit, of } = await doctor({}, '--offline', '--redis', 'redis://127.0.0.1:1', '--redis-password-file', file)
    expect(exit).toBe(1)
    expect(of('redis')).toMatchObject([{ state: 'error', message: expect.stringContaining('SB-FILE-001') }])
    writeFileSync(file, 'secret-password\n', { mode: 0o600 })
    const away = await doctor({}, '--offline', '--redis', 'redis://127.0.0.1:1', '--redis-password-file', file)
    expect(away.of('redis')).toMatchObject([{ state: 'error', message: expect.stringContaining('SB-QUEUE-001') }])
    expect(JSON.stringify(away.findings)).not.toContain('secret-password')
  })
})
