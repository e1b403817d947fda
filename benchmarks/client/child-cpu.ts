// Share of one core that our side of an answer costs: `node start.mjs benchmarks/client/child-cpu.ts [tokens a text]`. A request of 32 texts against a
// stub that answers at once; tokens a second at which a child that does nothing else would be busy all the time.
import { fork } from 'node:child_process'
import { openEngine, resolveModel } from '@sweepboard/models'
import { documentTexts } from './corpus.ts'

const TEXTS = 2048
const tokensOfText = Number(process.argv[2] ?? 280)
for (const dim of [384, 1024, 4096])
  for (const dialect of ['openai', 'tei'] as const) {
    const args = [dialect, '64', '0', '0', String(dim)]
    const child = fork(new URL('./stub-process.ts', import.meta.url), args, { stdio: ['ignore', 'pipe', 'inherit', 'ipc'] })
    const port = await new Promise<number>((resolve) => child.stdout?.once('data', (text) => resolve(Number(text))))
    const url = `http://127.0.0.1:${port}${dialect === 'tei' ? '' : '/v1'}`
    const options = { url, model: 'stub', batch: 32, concurrency: 8 }
    const engine = dialect === 'tei' ? { tei: options } : { openai: options }
    const { load, recipe } = await resolveModel({ model: 'acme/stub', engine }, { baseDir: process.cwd() })
    const opened = await openEngine(load)
    const texts = documentTexts(TEXTS, dim)
    await opened.encode(recipe.document, texts.slice(0, 256))
    const before = process.cpuUsage()
    await opened.encode(recipe.document, texts)
    const { user, system } = process.cpuUsage(before)
    const microsOfText = (user + system) / TEXTS
    const reachable = Math.round((1e6 / microsOfText) * tokensOfText)
    console.log(
      `${dialect}, ${dim} dimensions: ${microsOfText.toFixed(0)} us of CPU a text; a whole core at ${Math.round(1e6 / microsOfText)} texts/s = ${reachable} tokens/s`,
    )
    await opened.close()
    child.disconnect()
  }
