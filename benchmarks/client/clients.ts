import { spawn } from 'node:child_process'
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { openEngine, resolveModel } from '@sweepboard/models'
import { writeCorpus } from './corpus.ts'

/** Texts of a request, of every client. */
export const BATCH = 32

export type Dialect = 'openai' | 'tei'
export interface Target {
  readonly dialect: Dialect
  /** As a spec names it. */
  readonly url: string
  readonly model: string
}

/** A client that does nothing but ask: so many at once on connections that are kept, over the batches again and again for so long. */
export async function askBare(target: Target, by: { texts: readonly string[]; concurrency: number; ms: number }): Promise<void> {
  const { dialect, model } = target
  const url = dialect === 'tei' ? `${target.url}/embed` : `${target.url}/embeddings`
  const batches = Array.from({ length: Math.ceil(by.texts.length / BATCH) }, (_, i) => {
    const input = by.texts.slice(i * BATCH, (i + 1) * BATCH)
    return JSON.stringify(dialect === 'tei' ? { inputs: input, truncate: false } : { model, input, encoding_format: 'base64' })
  })
  const ends = performance.now() + by.ms
  let next = 0
  const one = async () => {
    while (performance.now() < ends) {
      const body = batches[next % batches.length] as string
      next += 1
      const answer = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body })
      if (!answer.ok) throw new Error(`${url}: ${answer.status} ${await answer.text()}`)
      JSON.parse(await answer.text())
    }
  }
  await Promise.all(Array.from({ length: by.concurrency }, one))
}

/** Our engine by itself, all texts in one call. */
export async function askEngine(
  { dialect, url, model }: Target,
  by: { texts: readonly string[]; concurrency: number },
): Promise<void> {
  const options = { url, model, batch: BATCH, concurrency: by.concurrency }
  const choice = dialect === 'tei' ? { tei: options } : { openai: options }
  const { load, recipe } = await resolveModel({ model: 'acme/stub', engine: choice }, { baseDir: process.cwd() })
  const engine = await openEngine(load)
  await engine.encode(recipe.document, by.texts)
  await engine.close()
}

/** A whole `sweepboard run` of one model on a fresh folder: plan, worker, inference child, scoring. */
export async function askSweep(
  { dialect, url, model }: Target,
  by: { documents: number; queries: number; seed: number; concurrency: number; root: string },
): Promise<void> {
  const name = `sweep-${dialect}-${by.seed}`
  const task = writeCorpus(by.root, `${name}-task`, by)
  const spec = join(by.root, `${name}.yaml`)
  const engine = `{ ${dialect}: { url: "${url}", model: "${model}", batch: ${BATCH}, concurrency: ${by.concurrency} } }`
  writeFileSync(spec, `sweep: ${name}\ntasks: ["${task}"]\nmodels: [acme/stub]\nengine: ${engine}\n`)
  const main = fileURLToPath(new URL('../../apps/cli/src/main.ts', import.meta.url))
  const data = join(by.root, `${name}-data`)
  const child = spawn(process.execPath, [main, 'run', spec, '--no-serve', '--slots', 'cpu,endpoint', '--data', data], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let words = ''
  child.stderr.on('data', (part) => {
    words = (words + part).slice(-2000)
  })
  const code = await new Promise((resolve) => child.once('close', resolve))
  rmSync(data, { recursive: true, force: true })
  if (code !== 0) throw new Error(`the sweep ended with ${code}: ${words}`)
}
