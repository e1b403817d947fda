import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { PublishedRow } from '@sweepboard/ledger'
import type { KindBoard, ResourceRow } from '@sweepboard/results'
import { launchChromium } from '@sweepboard/test-kit'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Embedded, openEmbedded } from '../../cli/src/embedded.ts'
import { readHubSettings } from '../../cli/src/hub.ts'
import { loadSweep } from '../../cli/src/load-sweep.ts'
import { bytes } from '../src/format.ts'

const { browser, reason } = await launchChromium()
const HUB = readHubSettings({ offline: true })
const HOSTILE = ['<img src=x onerror=window.hacked=1>', 'evil/\u202egnp.exe', `long/${'x'.repeat(300)}`]
const VIEWS = [1440, 390].flatMap((width) => (['light', 'dark'] as const).map((theme) => ({ width, theme })))
const CELLS = 26

/** A published row of a hostile name on a task that the sweep also scores. */
function published(model: string): PublishedRow {
  return {
    model,
    revision: '1',
    task: 'SemanticTrapsEn',
    subset: 'default',
    split: 'test',
    mainScore: 0.3,
    metrics: { ndcg_at_10: 0.3 },
    languages: ['eng-Latn'],
    mtebVersion: null,
    datasetRevision: '',
    evaluationTime: null,
    origin: 'hostile.json',
  }
}

describe.skipIf(browser === null)(`the board in a browser ${reason && `(skipped: ${reason})`}`, () => {
  let embedded: Embedded
  let folder: string
  let url: string
  let sweep: string
  const outside: string[] = []
  const errors: string[] = []

  async function submitPaused(file: string, name?: string): Promise<string> {
    const { id, spec, text, plan } = await loadSweep(file, { readEnv: () => undefined, fingerprints: async () => [], hub: HUB })
    embedded.service.submit({ sweep: id, name: name ?? spec.sweep, spec: text, plan, prepared: [], weight: 1 })
    embedded.service.control(id, 'pause')
    return id
  }

  async function openPage(path: string, width = 1440): Promise<Page> {
    const page = await (browser as NonNullable<typeof browser>).newPage({ viewport: { width, height: 900 } })
    page.on('request', (request) => {
      if (!/^(http:\/\/127\.0\.0\.1:|data:)/.test(request.url())) outside.push(request.url())
    })
    page.on('pageerror', (error) => errors.push(error.message))
    page.on('console', (message) => {
      if (message.type() === 'error') errors.push(message.text())
    })
    await page.goto(url + path)
    return page
  }

  const scores = (page: Page, column: number) =>
    page.locator(`.lb tbody tr.r:not(.sub) td:nth-child(${column})`).allTextContents()

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sweepboard-board-'))
    embedded = await openEmbedded({
      folder: join(folder, 'data'),
      slots: 'cpu',
      port: 46_100,
      allowEnv: [],
      hub: HUB,
      log: () => {},
    })
    url = (await embedded.serveBoard()).url
    sweep = await submitPaused(fileURLToPath(new URL('../../../examples/first-sweep.yaml', import.meta.url)))
  })

  afterAll(async () => {
    await browser?.close()
    await embedded?.stop()
    if (folder) await rm(folder, { recursive: true, force: true })
  })

  it('fills a live sweep while it is watched, and moves no cell', async () => {
    const page = await openPage(`/sweeps/${sweep}`)
    await page.getByText('Paused: nothing new starts').waitFor()
    const cell = page.locator('.mx td button').first()
    const before = await cell.boundingBox()
    await page.getByRole('button', { name: 'Resume' }).click()
    await page.locator('.answer', { hasText: `${CELLS} of ${CELLS} cells scored.` }).waitFor({ timeout: 90_000 })
    await page.locator('h1 .tag', { hasText: 'done' }).waitFor()
    await expect.poll(() => page.locator('.mx button.scored').count()).toBe(4)
    expect(await cell.boundingBox()).toEqual(before)
    await cell.click()
    await page.getByRole('dialog').getByText('full · float32').click()
    const evidence = page.getByRole('dialog').locator('details[open]')
    expect(await evidence.textContent()).toContain('onnx')
    await evidence.getByRole('link', { name: sweep }).waitFor()
    expect(await evidence.textContent()).toMatch(/Code\d\S+Sweepfirst-sweep/)
    await page.keyboard.press('Escape')
    expect(await page.getByRole('dialog').count()).toBe(0)
    await page.close()
  })

  it('holds a changed board back until it is asked for, then shows hostile names as text', async () => {
    const page = await openPage('/')
    await page.locator('.lb').waitFor()
    await expect.poll(() => page.locator('.lb tbody tr.r').count()).toBe(13)
    const answer = await fetch(`${url}/api/v1/published`, { method: 'POST', body: JSON.stringify(HOSTILE.map(published)) })
    expect(answer.status, await answer.text()).toBe(200)
    embedded.service.events.publish({ event: 'cells', sweep: null })
    const news = page.getByRole('button', { name: `${HOSTILE.length} rows changed · show` })
    await news.waitFor()
    await expect.poll(() => page.locator('.lb tbody tr.r').count()).toBe(13)
    await news.click()
    await page.locator('.lb .sect').waitFor()
    const text = await page.locator('.lb').textContent()
    expect(text).toContain('onerror=window.hacked')
    expect(text).toContain('‹U+202E›gnp.exe')
    expect(text).not.toContain('\u202e')
    expect(await page.evaluate(() => [Reflect.get(window, 'hacked'), document.images.length])).toEqual([undefined, 0])
    await expect.poll(() => page.locator('.sect').count()).toBe(1)
    await expect.poll(() => page.locator('tr.sub td.c', { hasText: '·' }).count()).toBe(HOSTILE.length)
    expect(await page.locator('tr.sub td.dim', { hasText: '(0.3000)' }).count()).toBe(HOSTILE.length)
    await page.close()
  })

  it('sorts by any column and filters, and the URL keeps both', async () => {
    const page = await openPage('/')
    await page.locator('.lb').waitFor()
    const means = (await scores(page, 3)).map(Number)
    expect(means.length).toBe(13)
    expect(means).toEqual([...means].sort((a, b) => b - a))
    expect(await page.locator('.lb thead').textContent()).not.toContain('Mean (TaskType)') // all of one type
    await page.getByRole('button', { name: 'Mean (Task)' }).click()
    await expect.poll(async () => (await scores(page, 3)).map(Number)).toEqual([...means].reverse())
    await page.getByRole('button', { name: 'SemanticTrapsZh' }).click()
    await page.locator('th[aria-sort=descending]', { hasText: 'SemanticTrapsZh' }).waitFor()
    const zh = (await scores(page, 5)).map(Number)
    expect(zh).toEqual([...zh].sort((a, b) => b - a))
    await page.getByLabel('Precision').selectOption('int8')
    await expect.poll(() => page.locator('.lb tbody tr.r').count()).toBe(4)
    await page.getByLabel('Find a model').fill('POCKET')
    await expect.poll(() => new URL(page.url()).search).toBe('?sort=-task%3ASemanticTrapsZh&precision=int8&find=POCKET')
    const kept = await page.locator('.lb').textContent()
    await page.reload()
    await page.locator('.lb').waitFor()
    expect(await page.locator('.lb').textContent()).toBe(kept)
    expect(await page.locator('.answer').textContent()).toMatch(/^pocket-static-en \(.*int8\) leads with/)
    await page.close()
  })

  it('switches columns of resources on, sorts by them, and the URL keeps it', async () => {
    const page = await openPage('/')
    await page.locator('.lb').waitFor()
    expect(await page.locator('.lb thead').textContent()).not.toContain('Peak memory')
    await page.getByRole('button', { name: 'Resources' }).click()
    await page.locator('.lb thead', { hasText: 'Peak memory' }).waitFor()
    expect(new URL(page.url()).search).toBe('?res=1')
    const answer = (await (await fetch(`${url}/api/v1/resources`)).json()) as ResourceRow[]
    const [pocket] = answer.filter(({ model }) => model === 'local/pocket-static-en')
    await page
      .locator('.lb tbody tr', { hasText: 'pocket-static-en' })
      .first()
      .getByText(bytes(pocket?.weightsBytes as number))
      .waitFor()
    await page.getByRole('button', { name: 'Texts/s' }).click()
    await page.locator('th[aria-sort=descending]', { hasText: 'Texts/s' }).waitFor()
    await page.reload()
    await page.locator('th[aria-sort=descending]', { hasText: 'Texts/s' }).waitFor()
    expect(await page.getByRole('button', { name: 'Resources' }).getAttribute('aria-pressed')).toBe('true')
    await page.close()
  })

  it('marks scores in a language that the model does not claim', async () => {
    const page = await openPage('/?find=pocket')
    const marked = page.locator('.lb button.unclaimed')
    await marked.first().waitFor()
    expect(await marked.first().getAttribute('title')).toBe('Language not claimed by the model: cmn-Hans')
    await page.getByText('* language not claimed by the model').waitFor()
    await marked.first().click()
    await page.getByRole('dialog').getByText('cmn-Hans is not claimed by the model').first().waitFor()
    await page.goto(`${url}/?find=random`)
    await page.locator('.lb tbody tr.r').first().waitFor()
    expect(await marked.count()).toBe(0)
    await page.close()
  })

  it('names the run and the code behind a number of the board', async () => {
    const page = await openPage('/?find=pocket')
    await page.locator('.lb td.c button').first().click()
    await page.getByRole('dialog').getByRole('link', { name: sweep }).first().click()
    await page.locator('h1.title', { hasText: 'first-sweep' }).waitFor()
    expect(new URL(page.url()).pathname).toBe(`/sweeps/${sweep}`)
    await page.close()
  })

  it('says that no task of a name has scores, not that nothing has', async () => {
    const page = await openPage('/?tasks=nope')
    await page.getByRole('heading', { name: 'No such scores' }).waitFor()
    expect(await page.locator('.answer').textContent()).toBe('Nothing named nope has scores here.')
    expect(await page.locator('main').textContent()).not.toContain('run examples')
    await page.close()
  })

  it('shows accuracy by kind of query with intervals at each cut-off', async () => {
    const page = await openPage('/')
    await page.getByRole('link', { name: 'Kinds' }).click()
    await page.locator('.kinds tbody tr').first().waitFor()
    const board = (await (await fetch(`${url}/api/v1/kinds?task=SemanticTrapsEn`)).json()) as KindBoard
    const [row] = board.rows
    await expect.poll(() => page.locator('.kinds tbody tr').count()).toBe(board.rows.length)
    await expect.poll(() => page.locator('.kinds thead th').count()).toBe(2 + (row?.kinds.length ?? 0))
    const first = page.locator('.kinds tbody tr').first().locator('td button').first()
    expect(await first.textContent()).toContain(row?.all.rates[0]?.rate.toFixed(2))
    await page.getByLabel('Among the first').selectOption('5')
    await expect.poll(() => first.textContent()).toContain(row?.all.rates[2]?.low.toFixed(2))
    await first.click()
    expect(await page.getByRole('dialog').textContent()).toMatch(/top-1.*top-3.*top-5/s)
    expect(new URL(page.url()).search).toBe('?k=5')
    await page.close()
  })

  it('cancels a sweep after saying what stays', async () => {
    const file = join(folder, 'limited.yaml')
    await writeFile(file, 'sweep: limited\ntasks: [SemanticTrapsEn]\nmodels: [mteb/baseline-random-encoder]\nlimit: 5\n')
    const id = await submitPaused(file, '<b>limited</b>')
    const page = await openPage(`/sweeps/${id}`, 390)
    await page.getByRole('button', { name: 'Cancel…' }).click()
    await page.getByRole('button', { name: 'Cancel the sweep' }).click()
    await page.locator('h1 .tag', { hasText: 'cancelled' }).waitFor()
    expect(embedded.service.sweepView(id).state).toBe('cancelled')
    expect(await page.locator('h1').textContent()).toContain('<b>limited</b>')
    await page.close()
  })

  it('names each second stage in a chip that is cut at no width', async () => {
    const file = join(folder, 'stages.yaml')
    const matrix = '{ dimensions: [full, 64], hybrid: { bm25: rrf }, cut: { top: 5 } }'
    await writeFile(file, `sweep: stages\ntasks: [SemanticTrapsEn]\nmodels: [local/pocket-static-en]\nmatrix: ${matrix}\n`)
    const id = await submitPaused(file)
    embedded.service.control(id, 'resume')
    await expect.poll(() => embedded.service.sweepView(id).state, { timeout: 90_000 }).toBe('done')
    for (const width of [1440, 390]) {
      const page = await openPage(`/?sweep=${id}&dims=64`, width)
      const row = page.locator('.lb tbody tr', { hasText: 'top 5' })
      await row.waitFor()
      expect(await row.locator('.chips').innerText()).toMatch(/^bm25 rrf\s+top 5\s+64 dims$/)
      expect(await row.locator('.chips').getAttribute('title')).toBe(
        'with mteb/baseline-bm25s by reciprocal rank · cut at top 5 · 64 dims',
      )
      const cut = await row
        .locator('th *')
        .evaluateAll((all) => all.filter((one) => one.scrollWidth > one.clientWidth + 1).length)
      expect(cut).toBe(0)
      await row.locator('td.c button').click()
      await page.getByRole('dialog').getByText('with mteb/baseline-bm25s by reciprocal rank · cut at top 5').first().waitFor()
      await page.close()
    }
  })

  it.each(VIEWS)('overflows nowhere and asks nobody else at $width px, $theme', async ({ width, theme }) => {
    const shots = await mkdtemp(join(tmpdir(), `sweepboard-shots-${width}-${theme}-`))
    for (const path of ['/', '/?res=1', '/kinds', '/sweeps', `/sweeps/${sweep}`]) {
      const page = await openPage(`${path}${path.includes('?') ? '&' : '?'}theme=${theme}`, width)
      await page.locator('tbody tr').first().waitFor()
      const [wide, inner] = await page.evaluate(() => [document.scrollingElement?.scrollWidth ?? 0, innerWidth])
      expect(wide, path).toBeLessThanOrEqual(inner as number)
      const background = await page.evaluate(() => getComputedStyle(document.body).backgroundColor)
      expect(background).toBe(theme === 'dark' ? 'rgb(18, 20, 19)' : 'rgb(250, 250, 248)')
      await page.screenshot({ path: join(shots, `${path.replaceAll(/[/?]/g, '_')}.png`), fullPage: true })
      await page.close()
    }
    expect(outside).toEqual([])
    expect(errors).toEqual([])
  })
})
