import { spawn } from 'node:child_process'
import { cpSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { openPlace, type Place, REPOSITORY, start, sweepboard } from './command.ts'

let place: Place
beforeAll(() => {
  place = openPlace()
})
afterAll(() => place.remove())

/** A command line through a shell; resolves to its exit code and what it said. */
function shell(line: string): Promise<{ exit: number | null; said: string }> {
  const child = spawn('bash', ['-c', line], { cwd: REPOSITORY, stdio: ['ignore', 'pipe', 'pipe'] })
  let said = ''
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      said += text
    })
  return new Promise((resolve) => child.on('close', (exit) => resolve({ exit, said })))
}

it('ends quietly when the reader of its output goes away', async () => {
  const { exit, said } = await shell(
    `"${process.execPath}" apps/cli/bin/sweepboard.mjs plan --schema | head -n 1; exit \${PIPESTATUS[0]}`,
  )
  expect(said).toBe('{\n')
  expect(exit).toBe(0)
})

it('takes a Ctrl-C that wrappers pass on again as one', async () => {
  const running = start(['serve', '--port', '0', '--data', place.data])
  await running.until('http://127.0.0.1')
  for (let copy = 0; copy < 3; copy++) running.child.kill('SIGINT')
  expect((await running.ended).exit).toBe(0)
})

it('keeps onnxruntime from reporting its use: nothing of its telemetry is left in the temp folder', async () => {
  const temp = join(place.folder, 'temp')
  mkdirSync(temp)
  const spec = place.write('quiet.yaml', 'sweep: quiet\ntasks: [SemanticTrapsEn]\nmodels: [local/pocket-static-en]\nlimit: 4\n')
  const { ORT_DISABLE_TELEMETRY: _, ...env } = process.env
  const asked = spawn(
    process.execPath,
    [join(REPOSITORY, 'apps/cli/bin/sweepboard.mjs'), 'run', spec, '--no-serve', '--data', join(place.folder, 'quiet')],
    {
      env: { ...env, TMPDIR: temp },
      stdio: 'ignore',
    },
  )
  expect(await new Promise((resolve) => asked.on('close', resolve))).toBe(0)
  expect(readdirSync(temp).filter((file) => file === '.ses' || file.startsWith('mat-debug'))).toEqual([])
})

it('keeps compiled code in the cache folder of the user, for its children too, and does without one it cannot write', async () => {
  const bin = `"${process.execPath}" apps/cli/bin/sweepboard.mjs`
  const spec = place.write('compiled.yaml', 'sweep: compiled\ntasks: [SemanticTrapsEn]\nmodels: [mteb/baseline-random-encoder]\n')
  const cache = join(place.folder, 'cache')
  const unset = 'env -u NODE_COMPILE_CACHE -u NODE_DISABLE_COMPILE_CACHE'
  const countFiles = () => readdirSync(join(cache, 'sweepboard/compiled'), { recursive: true }).length
  expect(await shell(`${unset} XDG_CACHE_HOME="${cache}" ${bin} --version`)).toMatchObject({ exit: 0 })
  const ofCommand = countFiles()
  const run = `${bin} run "${spec}" --no-serve --data "${join(place.folder, 'compiled')}" --json`
  expect(await shell(`${unset} XDG_CACHE_HOME="${cache}" ${run}`)).toMatchObject({ exit: 0 })
  expect(ofCommand).toBeGreaterThan(1)
  // What only the scoring child loads.
  expect(countFiles()).toBeGreaterThan(ofCommand)
  writeFileSync(join(place.folder, 'no-folder'), '')
  const blocked = await shell(`${unset} XDG_CACHE_HOME="${join(place.folder, 'no-folder')}" ${bin} --version`)
  const version = { exit: 0, said: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) }
  expect(blocked).toMatchObject(version)
  // The home of some system users, where Node's own way of making folders never ends.
  expect(await shell(`${unset} -u XDG_CACHE_HOME HOME=/proc timeout 60 ${bin} --version`)).toMatchObject(version)
})

it('says how to install where no package lies beside the bin', async () => {
  const bin = join(place.folder, 'apps/cli/bin/sweepboard.mjs')
  cpSync(join(REPOSITORY, 'apps/cli/bin/sweepboard.mjs'), bin)
  const { exit, said } = await shell(`"${process.execPath}" "${bin}" --version`)
  expect(exit).toBe(3)
  expect(said).toContain('SB-CORE-003: sweepboard is not installed here.')
})

it.each(['nonsense', 'ftp://host', '127.0.0.1:4400', 'http://host:4400?x=1', 'http://me:secret@host:4400'])(
  'refuses %s as the address of a service, instead of waiting for it',
  async (url) => {
    for (const args of [
      ['worker', '--join', url, '--data', join(place.folder, 'worker')],
      ['status', '--to', url],
    ]) {
      const { exit, stderr } = await sweepboard(...args)
      expect(stderr).toContain(`SB-SERVE-008: "${url.replace('me:secret', '***')}" is not the address of a service`)
      expect(stderr).not.toContain('secret')
      expect(exit).toBe(2)
    }
  },
)

it('refuses a port for metrics that is taken before it joins, an address for them beyond loopback without a token, and a name that no beat could carry', async () => {
  const service = start(['serve', '--port', '0', '--data', join(place.folder, 'taken')])
  await service.until('Board and API')
  const [, port = ''] = /http:\/\/127\.0\.0\.1:(\d+)/.exec(service.said().stderr) ?? []
  const args = ['worker', '--join', 'http://127.0.0.1:9', '--data', join(place.folder, 'worker')]
  const taken = await sweepboard(...args, '--metrics-port', port)
  expect([taken.exit, taken.stderr]).toEqual([3, expect.stringContaining('SB-SERVE-003')])
  const open = await sweepboard(...args, '--metrics-port', '0', '--metrics-host', '0.0.0.0')
  expect([open.exit, open.stderr]).toEqual([2, expect.stringMatching(/SB-SERVE-013.*\n.*--metrics-token-file/)])
  for (const name of ['', 'n'.repeat(201), 'a\nb']) expect((await sweepboard(...args, '--name', name)).exit).toBe(2)
  service.child.kill('SIGINT')
  await service.ended
})

it('says that a worker waits for its service, and ends at Ctrl-C', async () => {
  const running = start(['worker', '--join', 'http://127.0.0.1:9', '--data', join(place.folder, 'worker')])
  await running.until('Waiting for it')
  running.child.kill('SIGINT')
  const { exit, stderr } = await running.ended
  expect(stderr).toContain('SB-CORE-004')
  expect(exit).toBe(130)
})

it('a service with a token for readers alone says that nobody can write', async () => {
  const token = place.write('read.token', 'a-token-for-readers')
  const running = start(['serve', '--port', '0', '--data', join(place.folder, 'read-only'), '--read-token-file', token])
  await running.until('no write token')
  running.child.kill('SIGINT')
  expect((await running.ended).exit).toBe(0)
})

it('a data folder that cannot be written is named with the fix, never called a bug', async () => {
  const file = place.write('file', '')
  const spec = place.write('sweep.yaml', 'sweep: s\ntasks: [SemanticTrapsEn]\nmodels: [mteb/baseline-random-encoder]\n')
  const { exit, stderr } = await sweepboard('run', spec, '--data', join(file, 'data'))
  expect(stderr).toContain(`SB-FILE-007: cannot write ${file}`)
  expect(exit).toBe(3)
  const doctor = await sweepboard('doctor', '--data', join(file, 'data'))
  expect(doctor.stdout).toMatch(/error {3}data folder: SB-FILE-007/)
})
