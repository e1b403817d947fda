import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Load, SweepError } from '@sweepboard/contracts'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { LaunchChoice } from '../model-source.ts'
import { resolveModel } from '../resolve-model.ts'
import { launchCommand } from './launch.ts'
import type { LaunchPlace } from './launch-command.ts'
import { parseLaunchers, readLaunchers } from './own-launchers.ts'

const FILE = `launchers:
  my-server:
    command: [/opt/x/serve, --port, "{port}", --model, "{model}", '--json={"a": "{served}"}', "{scratch}/x"]
    ready: /health
    dialect: openai
    base: /v1
    env: { VISIBLE: "{devices}", SHARE: "{memoryShare}" }
    devices: [cuda]
    memoryShare: 0.5
    version: { path: /version, member: build }
  with-folder:
    command: [serve, "{port}", "{folder}", "{dtype}", "{maxTokens}", "{revision}"]
    ready: /ready
    dialect: openai
  with-dtype: { command: [serve, "{port}", "{dtype}"], ready: /r, dialect: openai }
  vllm: { program: [/opt/v/bin/vllm, serve], args: [--enforce-eager], env: { A: b } }
`
const place = (own: Partial<LaunchPlace> = {}): LaunchPlace => ({
  port: 8123,
  devices: ['0', '1'],
  memoryBytes: 1,
  folder: null,
  scratch: '/scratch/a b; rm -rf $HOME',
  settings: {},
  ...own,
})
const load = async (launch: LaunchChoice): Promise<Load> =>
  (await resolveModel({ model: 'BAAI/bge-m3', engine: { launch } }, { baseDir: '/nowhere' })).load
const mistakesOf = (text: string): string[] => {
  try {
    parseLaunchers(text, 'launchers.yaml')
    return []
  } catch (thrown) {
    const { code, mistakes } = thrown as SweepError
    return mistakes.map((one) => `${code} ${one.line} ${one.message}`)
  }
}

describe('a host’s own launcher', () => {
  it('is a list of words with its places filled in; no word is read by a shell', async () => {
    const command = launchCommand(await load({ name: 'my-server' }), place(), parseLaunchers(FILE, 'f'))
    expect(command.argv).toEqual([
      '/opt/x/serve',
      '--port',
      '8123',
      '--model',
      'BAAI/bge-m3',
      '--json={"a": "BAAI/bge-m3"}',
      '/scratch/a b; rm -rf $HOME/x',
    ])
    expect(command.env).toEqual({ CUDA_VISIBLE_DEVICES: '0,1', CUDA_DEVICE_ORDER: 'PCI_BUS_ID', VISIBLE: '0,1', SHARE: '0.5' })
    expect([command.url, command.ready]).toEqual(['http://127.0.0.1:8123/v1', 'http://127.0.0.1:8123/health'])
    expect(command.version?.url).toBe('http://127.0.0.1:8123/version')
    expect(command.version?.read({ build: '7' })).toBe('7')
    expect(command.refuse('0.0.1')).toBeNull()
  })

  it('takes the spec’s share before its own', async () => {
    const command = launchCommand(await load({ name: 'my-server', memoryShare: 0.25 }), place(), parseLaunchers(FILE, 'f'))
    expect(command.env.SHARE).toBe('0.25')
  })

  it.each<[string, LaunchChoice, Partial<LaunchPlace>]>([
    ['another dialect', { name: 'my-server', dialect: 'tei' }, {}],
    ['a device it is not for', { name: 'my-server' }, { devices: [] }],
    ['a place without a value: {folder}', { name: 'with-folder', dtype: 'float16' }, {}],
    ['a place without a value: {revision}', { name: 'with-folder', dtype: 'float16' }, { folder: '/m' }],
    ['a place without a value: {dtype}', { name: 'with-dtype' }, {}],
  ])('refuses %s', async (_, launch, own) => {
    const found = await load(launch)
    expect(() => launchCommand(found, place(own), parseLaunchers(FILE, 'f'))).toThrow('SB-WORK-032')
  })
})

describe('a launchers file', () => {
  let folder: string
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'sweepboard-launchers-'))
  })
  afterEach(() => rmSync(folder, { recursive: true }))

  it('is read with its settings of known launchers', () => {
    writeFileSync(join(folder, 'l.yaml'), FILE)
    const { commands, settings } = readLaunchers(join(folder, 'l.yaml'))
    expect(Object.keys(commands)).toEqual(['my-server', 'with-folder', 'with-dtype'])
    expect(settings).toEqual({ vllm: { program: ['/opt/v/bin/vllm', 'serve'], args: ['--enforce-eager'], env: { A: 'b' } } })
    expect(() => readLaunchers(join(folder, 'absent.yaml'))).toThrow('SB-FILE-001')
  })

  it('is refused whole, every mistake with its line', () => {
    const text = `launchers:
  my:
    command: [/opt/x, "{prt}"]
    ready: health
    dialct: openai
  text:
    command: "serve --port {port}"
    ready: /health
    dialect: openai
  vllm:
    command: [x]
  Bad_Name: { command: ["{port}"], ready: /h, dialect: tei }
  vlm: { program: [/opt/v/bin/vllm, serve], argz: [--x] }
`
    expect(mistakesOf(text)).toEqual([
      expect.stringMatching(/^SB-WORK-030 3 .*no placeholder \{prt\}/),
      expect.stringMatching(/^SB-WORK-030 3 .*must hold \{port\}/),
      expect.stringMatching(/^SB-WORK-030 3 launchers\.my\.dialect: is missing: must be one of openai, tei, ollama, rerank-api$/),
      expect.stringMatching(/^SB-WORK-030 4 launchers\.my\.ready/),
      expect.stringMatching(/^SB-WORK-030 5 launchers\.my\.dialct: unknown key; there are command, ready, dialect, base,/),
      expect.stringMatching(/^SB-WORK-030 7 launchers\.text\.command/),
      expect.stringMatching(/^SB-WORK-030 11 launchers\.vllm\.command: unknown key; there are program, args, env/),
      expect.stringMatching(/^SB-WORK-030 12 launchers\.Bad_Name/),
      expect.stringMatching(/^SB-WORK-030 13 launchers\.vlm: no known launcher \(vllm, sglang, .*needs command/),
    ])
  })

  it.each(['', '42', '- a', 'launchers:', 'launchers: []', 'a: *b', '{', 'other: {}'])('that is none (%j) is refused', (text) => {
    expect(mistakesOf(text).length).toBeGreaterThan(0)
  })
})
