import { execFileSync, spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { findOnPath, freePort, startRedis } from '@sweepboard/test-kit'
import { afterAll, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { openPlace, REPOSITORY, type Running, start, sweepboard } from './command.ts'

const SECRETS = {
  redis: 'redis-password/with:signs',
  write: 'write-token-0123456789',
  read: 'read-token-0123456789',
  api: 'api-key-0123456789',
}
const { redis, reason } = await startRedis({ args: ['--requirepass', SECRETS.redis] })
const place = openPlace()
const MODELS = join(REPOSITORY, 'examples/models')
afterAll(async () => {
  await redis?.stop()
  place.remove()
})

/** Every JSON line of a text; throws on any other line. */
const jsonLines = (text: string) =>
  text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>)
const logFile = (folder: string) => readFileSync(join(folder, 'logs', readdirSync(join(folder, 'logs'))[0] ?? ''), 'utf8')
const series = (text: string, name: string) =>
  text
    .split('\n')
    .filter((line) => line.startsWith(name))
    .reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0)

/** Runs the command on a terminal of so many columns, presses Ctrl-C after the second frame, and reads what it drew. */
async function onTerminal(args: readonly string[], columns: number): Promise<{ exit: number; text: string; frames: string[][] }> {
  const command = [process.execPath, join(REPOSITORY, 'apps/cli/bin/sweepboard.mjs'), ...args]
    .map((word) => `'${word}'`)
    .join(' ')
  const child = spawn('script', ['-qec', `stty cols ${columns} rows 20; exec ${command}`, '/dev/null'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  let text = ''
  const ended = new Promise<number>((resolve) => child.once('close', (code) => resolve(code ?? -1)))
  child.stdout.setEncoding('utf8').on('data', (piece: string) => {
    const before = text.split('\x1b[H').length
    text += piece
    if (before <= 4 && text.split('\x1b[H').length > 4) child.stdin.write('\x03')
  })
  const exit = await ended
  const frames = text
    .split('\x1b[H')
    .slice(2)
    .map((frame) => (frame.split('\x1b[J')[0] ?? '').split('\r\n').map((line) => line.replace('\x1b[K', '')))
  return { exit, text, frames }
}

describe.skipIf(!redis)(`a service and a worker, watched ${reason}`, () => {
  const files = Object.fromEntries(
    Object.entries(SECRETS).map(([name, secret]) => [name, place.write(`${name}.secret`, `${secret}\n`)]),
  ) as Record<keyof typeof SECRETS, string>
  const url = (redis?.url ?? '').replace(/\/\/.*@/, '//')
  const running: Running[] = []
  const said: string[] = []

  it('log JSON lines with sweep, lease, chunk and slot; count what they do; and show no secret anywhere', async () => {
    const [port, scrape] = [await freePort(), await freePort()]
    const [at, logs] = [`http://127.0.0.1:${port}`, ['--log-level', 'debug']]
    const tokens = ['--write-token-file', files.write, '--read-token-file', files.read]
    const service = start(
      [
        'serve',
        '--redis',
        url,
        '--redis-password-file',
        files.redis,
        '--redis-prefix',
        'team',
        '--port',
        String(port),
        '--beat',
        '500',
      ]
        // Warned of, in the log's own form.
        .concat(['--redis-for-workers', url.replace('//', `//:${encodeURIComponent(SECRETS.redis)}@`)])
        .concat([...tokens, '--data', place.data, ...logs]),
    )
    running.push(service)
    await service.until('Board and API')
    const worker = start(
      [
        'worker',
        '--join',
        at,
        '--token-file',
        files.write,
        '--slots',
        'cpu',
        '--models',
        MODELS,
        '--data',
        join(place.folder, 'w'),
      ].concat(['--metrics-port', String(scrape), '--allow-env', 'API_KEY', ...logs]),
      { API_KEY: SECRETS.api },
    )
    running.push(worker)
    await worker.until('Metrics: ')
    const spec = place.write('sweep.yaml', 'sweep: watched\ntasks: [SemanticTrapsEn]\nmodels: [local/pocket-static-en]\n')
    const submitted = await sweepboard('submit', spec, '--to', at, '--token-file', files.write, '--json')
    expect(submitted.exit, submitted.stderr).toBe(0)
    const { sweep } = JSON.parse(submitted.stdout) as { sweep: string }
    const watched = await sweepboard('watch', sweep, '--to', at, '--token-file', files.read, '--json')
    expect(watched.exit, watched.stderr).toBe(0)

    const get = (path: string, token: string | null) =>
      fetch(path, { headers: token === null ? {} : { authorization: `Bearer ${token}` } })
    expect((await get(`${at}/metrics`, null)).status).toBe(401)
    const ofService = await (await get(`${at}/metrics`, SECRETS.read)).text()
    const ofWorker = await (await get(`http://127.0.0.1:${scrape}/metrics`, null)).text()
    expect((await get(`http://127.0.0.1:${scrape}/other`, null)).status).toBe(404)
    const tokensEncoded = series(ofService, 'sweepboard_encoded_tokens_total{')
    expect(tokensEncoded).toBeGreaterThan(0)
    expect(series(ofWorker, 'sweepboard_worker_tokens_total{')).toBe(tokensEncoded)
    expect(series(ofWorker, 'sweepboard_worker_chunks_total{')).toBe(series(ofService, 'sweepboard_commits_total{verdict="ok"}'))
    expect(series(ofWorker, 'sweepboard_worker_loads_total{')).toBe(1)
    expect(series(ofWorker, 'sweepboard_worker_outbox_entries')).toBe(0)
    expect(series(ofWorker, 'sweepboard_worker_leases_total{')).toBeGreaterThanOrEqual(2)
    expect(series(ofWorker, 'sweepboard_worker_failures_total{')).toBe(0)

    // What workers need of Redis is for holders of the write token.
    expect((await get(`${at}/api/v1/join`, SECRETS.read)).status).toBe(401)
    const join_ = (await (await get(`${at}/api/v1/join`, SECRETS.write)).json()) as { queue: { url: string; prefix: string } }
    expect(join_.queue.url).toContain(encodeURIComponent(SECRETS.redis))
    expect(join_.queue.prefix).toMatch(/^team:sb-/)
    for (const path of ['health', 'hosts', 'lanes', 'sweeps', `sweeps/${sweep}`, `sweeps/${sweep}/cells`, 'cells'])
      said.push(await (await get(`${at}/api/v1/${path}`, SECRETS.read)).text())

    const fleet = await sweepboard('status', '--to', at, '--token-file', files.read, '--fleet', '--json')
    expect(JSON.parse(fleet.stdout)).toMatchObject({
      sweeps: [{ id: sweep, state: 'done' }],
      hosts: [{ holding: 0, slots: [{ id: 'cpu0', device: 'cpu' }, { id: 'score' }] }],
    })
    const shown = await sweepboard('status', '--to', at, '--token-file', files.read)
    expect(shown.stdout).toMatch(/^1 host, 2 slots/m)
    expect(shown.stdout).toMatch(/^watched +done +1\/1 +0/m)
    // Beside a service whose token is not at hand the data folder still answers.
    const beside = await sweepboard('status', '--data', place.data)
    expect(beside.exit).toBe(0)
    expect(beside.stderr).toContain('SB-SERVE-002')
    expect(beside.stdout).toContain(sweep)
    if (findOnPath(['script']) !== null) {
      const live = await onTerminal(['status', '--watch', '--to', at, '--token-file', files.read], 62)
      expect(live.exit).toBe(0)
      expect(live.text).toContain('\x1b[?1049h')
      expect(live.text.trimEnd().endsWith('\x1b[?25h\x1b[?1049l')).toBe(true)
      expect(live.frames.length).toBeGreaterThan(1)
      for (const line of live.frames.flat()) expect(line.length, line).toBeLessThanOrEqual(62)
    }
    said.push(fleet.stdout, shown.stdout, beside.stdout, beside.stderr)

    for (const one of [...running].reverse()) {
      one.child.kill('SIGTERM')
      expect((await one.ended).exit).toBe(0)
    }
    const lines = jsonLines(worker.said().stderr)
    const leases = lines.filter(({ event }) => event === 'lease')
    expect(new Set(leases.map((line) => line.kind))).toEqual(new Set(['encode', 'score']))
    for (const line of leases)
      expect(line).toMatchObject({ sweep, level: 'info', lease: expect.stringMatching(/^j/), slot: expect.any(String) })
    const chunks = lines.filter(({ event }) => event === 'chunk')
    expect(chunks.length).toBe(series(ofWorker, 'sweepboard_worker_chunks_total{'))
    for (const line of chunks)
      expect(line).toMatchObject({ sweep, level: 'debug', n: expect.any(Number), encoding: expect.any(Number) })
    expect(jsonLines(logFile(join(place.folder, 'w'))).filter(({ event }) => event === 'chunk')).toEqual(
      chunks.map((line) => ({ ...line, at: expect.any(String) })),
    )
    expect(jsonLines(service.said().stderr)).toContainEqual(
      expect.objectContaining({ message: expect.stringContaining('--redis-for-workers holds a password') }),
    )
    said.push(ofService, ofWorker, logFile(join(place.folder, 'w')), logFile(place.data))
    for (const one of running) said.push(one.said().stderr, one.said().stdout)
  })

  it('a Redis that refuses, and one that is away: said without the password, and an argument with one is warned of', async () => {
    const login = url.replace('//', `//:${encodeURIComponent(SECRETS.redis)}X@`)
    const refused = await sweepboard('serve', '--redis', login, '--data', join(place.folder, 'other'), '--port', '0')
    expect(refused.exit).toBe(2)
    expect(refused.stderr).toContain('SB-QUEUE-006')
    expect(refused.stderr).toMatch(/--redis holds a password.*--redis-password-file/)
    const away = url.replace(/:\d+$/, `:${await freePort()}`)
    const none = await sweepboard('doctor', '--redis', away, '--redis-password-file', files.redis, '--data', place.data)
    expect(none.exit).toBe(1)
    expect(none.stdout).toContain('SB-QUEUE-001')
    said.push(refused.stderr, refused.stdout, none.stdout, none.stderr)
  })

  it('none of all that was said holds a secret', () => {
    expect(said.length).toBeGreaterThan(12)
    for (const secret of Object.values(SECRETS))
      for (const form of [secret, encodeURIComponent(secret)]) expect(said.filter((text) => text.includes(form))).toEqual([])
  })
})

describe('systemd units', () => {
  const units = ['sweepboard-service.service', 'sweepboard-worker.service']
  const file = (name: string) => join(REPOSITORY, 'infra/systemd', name)

  it.skipIf(findOnPath(['systemd-analyze']) === null)(
    'are what systemd takes, without a warning (needs systemd-analyze)',
    async () => {
      const folder = mkdtempSync(join(tmpdir(), 'sb-units-'))
      try {
        // The programs they name are not on this machine.
        const copies = units.map((name) => {
          const copy = join(folder, name)
          writeFileSync(copy, readFileSync(file(name), 'utf8').replace(/^(ExecStart=)\S+/m, '$1/bin/true'))
          return copy
        })
        const verified = execFileSync('systemd-analyze', ['verify', '--man=no', ...copies], {
          encoding: 'utf8',
          stdio: ['ignore', 'pipe', 'pipe'],
        })
        expect(verified).toBe('')
      } finally {
        rmSync(folder, { recursive: true })
      }
    },
  )

  it('a worker as its unit starts it shows its metrics to a Prometheus as the shipped configuration sets it up', async () => {
    const text = readFileSync(file('sweepboard-worker.service'), 'utf8').replaceAll('\\\n', ' ')
    const words = [...text.matchAll(/^Environment=(.*)$/gm)].flatMap(([, line]) => (line as string).split(' '))
    const port = await freePort()
    const values = new Map(words.map((word) => word.split('=', 2) as [string, string]))
    const shipped = [values.get('SWEEPBOARD_METRICS_HOST'), values.get('SWEEPBOARD_METRICS_PORT')]
    const given = { SWEEPBOARD_METRICS_PORT: String(port), SWEEPBOARD_JOIN: 'http://127.0.0.1:9', SWEEPBOARD_SLOTS: 'cpu' }
    for (const [name, value] of Object.entries(given)) values.set(name, value)
    values.set('CREDENTIALS_DIRECTORY', place.folder).set('SWEEPBOARD_MODELS', MODELS)
    for (const [, name] of text.matchAll(/^LoadCredential=([a-z.]+):/gm))
      place.write(name as string, `${name === 'read.token' ? SECRETS.read : SECRETS.write}\n`)
    const [, , ...args] = (/^ExecStart=(.*)$/m.exec(text)?.[1] ?? '')
      .replaceAll('%S', place.folder)
      .replace(/\$\{(\w+)\}/g, (_, name: string) => values.get(name) as string)
      .split(/\s+/)
    const worker = start(args)
    await worker.until('service-away')
    const config = parse(readFileSync(join(REPOSITORY, 'infra/grafana/prometheus.yml'), 'utf8')) as {
      scrape_configs: { authorization?: object; static_configs: { targets: string[] }[] }[]
    }
    expect(config.scrape_configs.map(({ authorization }) => authorization !== undefined)).toEqual([true, true])
    const targets = config.scrape_configs.at(-1)?.static_configs.flatMap((one) => one.targets) ?? []
    expect(new Set(targets.map((target) => target.split(':')[1]))).toEqual(new Set([shipped[1]]))
    expect(shipped[0]).toBe('0.0.0.0')
    const status = async (token: string | null) =>
      (await fetch(`http://127.0.0.1:${port}/metrics`, { headers: token === null ? {} : { authorization: `Bearer ${token}` } }))
        .status
    // 500: nothing to show, since it has not joined yet.
    expect([await status(null), await status(SECRETS.write), await status(SECRETS.read)]).toEqual([401, 401, 500])
    worker.child.kill('SIGTERM')
    await worker.ended
  })

  it.each(units)('%s is hardened, drains on SIGTERM, and gives the command options it has', async (name) => {
    const unit = new Map(
      readFileSync(file(name), 'utf8')
        .replaceAll('\\\n', ' ')
        .split('\n')
        .filter((line) => /^[A-Za-z]+=/.test(line))
        .map((line): [string, string] => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
    )
    expect(Object.fromEntries(unit)).toMatchObject({
      NoNewPrivileges: 'yes',
      ProtectSystem: 'strict',
      KillMode: 'mixed',
      KillSignal: 'SIGTERM',
      Restart: 'on-failure',
    })
    expect(Number(/^(\d+)(s|min)$/.exec(unit.get('TimeoutStopSec') ?? '')?.[1])).toBeGreaterThan(0)
    const [, , command = '', ...args] = (unit.get('ExecStart') ?? '').split(/\s+/)
    const help = await sweepboard(command, '--help')
    const known = new Set(help.stdout.match(/--[a-z-]+/g))
    const flags = args.filter((word) => word.startsWith('--'))
    expect(flags.length).toBeGreaterThan(2)
    expect(flags.filter((flag) => !known.has(flag))).toEqual([])
    // Secrets come as files that only this unit sees.
    expect(unit.get('LoadCredential')).toMatch(/^[a-z.]+:\/etc\/sweepboard\//)
    expect(unit.get('ExecStart')).toMatch(/\$\{CREDENTIALS_DIRECTORY\}\//)
  })
})
