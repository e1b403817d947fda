import { readFileSync, writeFileSync } from 'node:fs'
import { freePort, launchChromium, waitUntil } from '@sweepboard/test-kit'
import type { Page, Response } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { openEmbedded } from '../../cli/src/embedded.ts'
import { readHubSettings } from '../../cli/src/hub.ts'
import { loadSweep } from '../../cli/src/load-sweep.ts'
import { Fleet, finish } from '../../cli/test/fleet-kit.ts'
import { type EmbeddingsStub, startStub } from '../../cli/test/fleet-stub.ts'
import { writeTask } from '../../cli/test/fleet-task.ts'

const { browser, reason } = await launchChromium()
const hub = readHubSettings({ offline: true })

describe.skipIf(browser === null)(`the board and its service ${reason && `(skipped: ${reason})`}`, () => {
  const fleet = new Fleet()
  const pages: Page[] = []
  let port: number
  let url: string
  const tokens = { read: 'read-'.padEnd(32, 'r'), write: 'write-'.padEnd(32, 'w') }
  const tokenFlags = () =>
    (['write', 'read'] as const).flatMap((name) => {
      writeFileSync(fleet.path(`${name}.token`), `${tokens[name]}\n`)
      return [`--${name}-token-file`, fleet.path(`${name}.token`)]
    })

  async function serve(...flags: string[]) {
    const program = fleet.start(['serve', '--data', fleet.path('data'), '--port', String(port), '--json', ...flags])
    await program.event('listening')
    return program
  }

  async function openPage(path: string, base = url): Promise<Page> {
    const page = await (browser as NonNullable<typeof browser>).newPage()
    pages.push(page)
    await page.goto(base + path)
    return page
  }

  beforeAll(async () => {
    port = await freePort()
    url = `http://127.0.0.1:${port}`
    const task = writeTask(fleet.folder, 'Small', { documents: 20, queries: 4, words: 8, seed: 3 })
    writeFileSync(fleet.path('small.yaml'), `sweep: small\ntasks: [${task}]\nmodels: [mteb/baseline-random-encoder]\n`)
    await fleet.succeed(['run', fleet.path('small.yaml'), '--no-serve', '--data', fleet.path('data')])
  })
  afterEach(async () => {
    for (const page of pages.splice(0)) await page.close()
    await fleet.endAll()
  })
  afterAll(async () => {
    await browser?.close()
    expect(await fleet.close()).toEqual([])
  })

  it('asks for the read token, again when it is wrong, and then shows the board and follows it', async () => {
    await serve(...tokenFlags())
    const page = await openPage('/')
    const prompt = page.getByLabel('This board asks for a read token.')
    await prompt.fill('not this one')
    const refused = page.waitForResponse((answer) => answer.url().endsWith('/api/v1/sweeps') && answer.status() === 401)
    await page.getByRole('button', { name: 'Use this token' }).click()
    await refused
    expect(await page.locator('.lb').count()).toBe(0)
    await prompt.fill(tokens.read)
    await page.getByRole('button', { name: 'Use this token' }).click()
    await page.locator('.lb tbody tr.r').waitFor()
    await page.getByTitle('Changes arrive as they happen').waitFor()
    expect(await prompt.count()).toBe(0)
    expect(page.url()).not.toContain(tokens.read)
  })

  it('asks for the write token when a sweep is to be changed, and then changes it', async () => {
    await serve(...tokenFlags())
    writeFileSync(
      fleet.path('idle.yaml'),
      readFileSync(fleet.path('small.yaml'), 'utf8').replace('small', 'idle').concat('limit: 2\n'),
    )
    await fleet.succeed(['submit', fleet.path('idle.yaml'), '--to', url, '--token-file', fleet.path('write.token')])
    const page = await openPage('/sweeps')
    await page.getByLabel('This board asks for a read token.').fill(tokens.read)
    await page.getByRole('button', { name: 'Use this token' }).click()
    await page.getByRole('link', { name: 'idle' }).first().click()
    await page.getByRole('button', { name: 'Cancel…' }).click()
    await page.getByRole('button', { name: 'Cancel the sweep' }).click()
    const prompt = page.getByLabel('The service asks for its write token to cancel a sweep.')
    await prompt.fill(tokens.write)
    expect(await page.locator('h1 .tag').textContent()).toContain('running')
    await page.getByRole('button', { name: 'Use this token' }).click()
    await page.locator('h1 .tag', { hasText: 'cancelled' }).waitFor()
    expect(await prompt.count()).toBe(0)
  })

  it('advises no worker where none can join, nor where no cell waits for one', async () => {
    await serve()
    const sweeps = (await (await fetch(`${url}/api/v1/sweeps`)).json()) as { id: string }[]
    const ended = await openPage(`/sweeps/${sweeps[0]?.id}`)
    await ended.getByText('No worker is connected, and none is needed').waitFor()
    expect(await ended.locator('main').textContent()).not.toContain('--join')
    writeFileSync(fleet.path('waits.yaml'), readFileSync(fleet.path('small.yaml'), 'utf8').concat('limit: 3\n'))
    const { stdout } = await fleet.succeed(['submit', fleet.path('waits.yaml'), '--to', url, '--json'])
    const waiting = await openPage(`/sweeps/${(JSON.parse(stdout) as { sweep: string }).sweep}`)
    await waiting.getByText('none can join: this service has no Redis').waitFor()
    expect(await waiting.locator('main').textContent()).not.toContain('--join')
  })

  it('says that it is offline while the service is away, and is fresh again when that comes back', async () => {
    const first = await serve()
    const page = await openPage('/')
    await page.getByTitle('Changes arrive as they happen').waitFor()
    await expect.poll(() => page.locator('.lb tbody tr.r').count()).toBe(1)
    await first.end('SIGKILL')
    await page.getByTitle('Not connected; trying again').waitFor()
    await expect.poll(() => page.locator('.lb tbody tr.r').count()).toBe(1)

    // A second row comes while nobody listens.
    const other = writeTask(fleet.folder, 'Other', { documents: 20, queries: 4, words: 8, seed: 4 })
    writeFileSync(fleet.path('other.yaml'), `sweep: other\ntasks: [${other}]\nmodels: [mteb/baseline-random-encoder]\n`)
    await fleet.succeed(['run', fleet.path('other.yaml'), '--no-serve', '--data', fleet.path('data')])
    await serve()
    await page.getByTitle('Changes arrive as they happen').waitFor({ timeout: 15_000 })
    await page.getByRole('button', { name: '1 row changed · show' }).click()
    await page.locator('.lb thead', { hasText: 'Other' }).waitFor()
  })

  it('asks for a board it has with its entity tag, and is told that nothing changed', async () => {
    await serve()
    const answers: Response[] = []
    const page = await openPage('/')
    await page.locator('.lb').waitFor()
    page.on('response', (answer) => answer.url().includes('/api/v1/leaderboard') && answers.push(answer))
    // The browser may be asked again before it has put the first answer away.
    const tag = await waitUntil(
      async () => {
        answers.length = 0
        await page.reload()
        await page.locator('.lb').waitFor()
        return (await answers[0]?.request().allHeaders())?.['if-none-match']
      },
      { deadlineMs: 60_000, what: 'a request with an entity tag' },
    )
    const [answer] = answers
    const again = await fetch(answer?.url() as string, { headers: { 'if-none-match': tag } })
    expect([again.status, await again.text()]).toEqual([304, ''])
  })

  it('serves the API alone, with a note, where the board cannot be built', async () => {
    const hook = `import { registerHooks } from 'node:module'
      registerHooks({ load: (url, context, next) => url.endsWith('/apps/web/build.ts')
        ? { format: 'module', shortCircuit: true, source: 'export const buildBoard = async () => { throw new Error("no room") }' }
        : next(url, context) })`
    const program = fleet.start(
      ['serve', '--data', fleet.path('data'), '--port', String(port), '--json', '--log-format', 'json'],
      { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(hook)}` },
    )
    await program.event('listening')
    expect(program.stderr).toContain('the board cannot be built, the API is served alone: no room')
    expect((await fetch(`${url}/api/v1/health`)).status).toBe(200)
    expect((await fetch(`${url}/`)).status).toBe(404)
  })

  it('tries failed cells again at the press of a button', async () => {
    const stub: EmbeddingsStub = await startStub()
    const task = writeTask(fleet.folder, 'Picky', { documents: 30, queries: 4, words: 8, seed: 5 })
    stub.isPoison = (text) => text.endsWith('Picky-d7')
    const spec = fleet.path('picky.yaml')
    writeFileSync(spec, `sweep: picky\ntasks: [${task}]\nmodels: [acme/stub]\nengine: { openai: { url: "${stub.url}" } }\n`)
    const embedded = await openEmbedded({
      folder: fleet.path('picky'),
      slots: 'cpu,endpoint',
      port,
      allowEnv: [],
      hub,
      log: () => undefined,
    })
    try {
      const { url: base } = await embedded.serveBoard()
      const {
        id,
        spec: parsed,
        text,
        plan,
      } = await loadSweep(spec, { readEnv: () => undefined, fingerprints: async () => [], hub })
      embedded.service.submit({ sweep: id, name: parsed.sweep, spec: text, plan, prepared: [], weight: 1 })
      await finish(base, id)
      const page = await openPage(`/sweeps/${id}`, base)
      await page.locator('.mx button.failed').waitFor()
      await page.getByText('document d7 of Picky').first().waitFor()
      stub.isPoison = () => false
      await page.getByRole('button', { name: 'Retry failed' }).click()
      await page.locator('.mx button.scored').waitFor({ timeout: 30_000 })
      expect(await page.locator('.mx button.failed').count()).toBe(0)
      expect(await page.getByRole('button', { name: 'Retry failed' }).isDisabled()).toBe(true)
    } finally {
      await embedded.stop()
      await stub.close()
    }
  })

  it('keeps only the rows in sight of a long board in the page, its head always, and reaches the last row', async () => {
    await serve()
    const rows = Array.from({ length: 300 }, (_, i) => ({
      model: `org/model-${String(i).padStart(3, '0')}`,
      revision: '1',
      task: 'LongBoard',
      subset: 'default',
      split: 'test',
      mainScore: 1 - i / 1000,
      metrics: { ndcg_at_10: 1 - i / 1000 },
      languages: ['eng-Latn'],
      mtebVersion: null,
      datasetRevision: '',
      evaluationTime: null,
      origin: 'long.json',
    }))
    const answer = await fetch(`${url}/api/v1/published`, { method: 'POST', body: JSON.stringify(rows) })
    expect(answer.status, await answer.text()).toBe(200)
    const page = await openPage('/?tasks=LongBoard')
    await page.getByText('model-000').last().waitFor()
    expect(await page.locator('.lb').getAttribute('aria-rowcount')).toBe('301')
    const inPage = () => page.locator('.lb tbody tr.r').count()
    expect(await inPage()).toBeLessThan(60)
    await page.locator('.scroll:has(.lb)').evaluate((box) => box.scrollTo(0, box.scrollHeight))
    await page.locator('.lb tr', { hasText: 'model-299' }).waitFor()
    expect(await inPage()).toBeLessThan(60)
    expect(await page.locator('.lb tr', { hasText: 'model-299' }).getAttribute('aria-rowindex')).toBe('301')
    expect(await page.locator('.lb thead').isVisible()).toBe(true)
    const [head, box] = [
      await page.locator('.lb thead th').first().boundingBox(),
      await page.locator('.scroll:has(.lb)').boundingBox(),
    ]
    expect(Math.abs((head?.y ?? 0) - (box?.y ?? 99))).toBeLessThan(3)
  })
})
