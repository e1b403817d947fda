/**
 * Padded tokens a batch: our onnx engine on MiniLM with budgets of 512 to 16,384, and where onnxruntime spends its time.
 * Run: node benchmarks/encode/budgets.ts [documents] [rounds] [threads]. Rounds alternate between the budgets; CPU seconds are of
 * all threads. With one thread they tell the budgets apart on a loaded machine too.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { openEngine, resolveModel } from '@sweepboard/models'
import { InferenceSession, Tensor } from 'onnxruntime-node'
import { inChunks, MINILM, median, sciFactTexts } from './corpus.ts'

const BUDGETS = [512, 1024, 2048, 4096, 8192, 16_384]
const WARM_UP = sciFactTexts(4)
const [documents = 340, rounds = 3, threads = 1] = process.argv.slice(2, 5).map(Number)
const chunks = inChunks(sciFactTexts(documents))
const { load, recipe } = await resolveModel({ model: MINILM }, { baseDir: process.cwd() })
const engines = await Promise.all(BUDGETS.map((budget) => openEngine(withBudget(budget), { threads })))
const told = BUDGETS.map(() => [] as { seconds: number; cpu: number; fill: number }[])
for (let round = -1; round < rounds; round++) {
  for (const [i, engine] of engines.entries()) {
    const [began, cpu] = [performance.now(), process.cpuUsage()]
    let [real, padded] = [0, 0]
    for (const chunk of round < 0 ? [WARM_UP] : chunks) {
      const { counts } = await engine.encode(recipe.document, chunk)
      real += counts.tokenCount
      padded += counts.paddedTokenCount
    }
    const { user, system } = process.cpuUsage(cpu)
    const row = { seconds: (performance.now() - began) / 1000, cpu: (user + system) / 1e6, fill: real / padded }
    if (round >= 0) told[i]?.push(row)
  }
}
console.log(
  `${documents} documents in ${chunks.length} chunks, ${threads} threads, medians of ${rounds}, load ${loadavg()[0]?.toFixed(1)}`,
)
for (const [i, budget] of BUDGETS.entries()) {
  const of = (member: 'seconds' | 'cpu' | 'fill') => median((told[i] ?? []).map((row) => row[member]))
  console.log(
    `budget ${budget}: ${of('seconds').toFixed(2)} s, CPU ${of('cpu').toFixed(2)} s, real/padded ${of('fill').toFixed(3)}`,
  )
}
for (const engine of engines) await engine.close()
for (const [rows, length] of [
  [8, 256],
  [32, 256],
] as const)
  await showOperators(rows, length)

function withBudget(batchPaddedTokens: number): typeof load {
  return { ...load, identity: { ...load.identity, options: { ...load.identity.options, batchPaddedTokens } } }
}

/** Share of each operator's kernels in one shape of batch, by onnxruntime's own profile. */
async function showOperators(rows: number, length: number): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'sweepboard-operators-'))
  const session = await InferenceSession.create(join(MINILM, 'onnx/model.onnx'), {
    intraOpNumThreads: threads,
    enableProfiling: true,
    profileFilePrefix: join(folder, 'run'),
  })
  const members: Record<string, (i: number) => bigint> = {
    input_ids: (i) => BigInt(1000 + ((i * 7919) % 20_000)),
    attention_mask: () => 1n,
    token_type_ids: () => 0n,
  }
  const feeds = Object.fromEntries(
    Object.entries(members).map(([name, of]) => [
      name,
      new Tensor(
        'int64',
        BigInt64Array.from({ length: rows * length }, (_, i) => of(i)),
        [rows, length],
      ),
    ]),
  )
  for (let run = 0; run < 5; run++) await session.run(feeds)
  session.endProfiling()
  await session.release()
  const spent = new Map<string, number>()
  for (const name of readdirSync(folder)) {
    const events = JSON.parse(readFileSync(join(folder, name), 'utf8')) as {
      cat: string
      dur: number
      args?: { op_name?: string }
    }[]
    for (const { cat, dur, args } of events)
      if (cat === 'Node' && args?.op_name) spent.set(args.op_name, (spent.get(args.op_name) ?? 0) + dur)
  }
  rmSync(folder, { recursive: true })
  const total = [...spent.values()].reduce((sum, one) => sum + one, 0)
  const shares = [...spent].sort((a, b) => b[1] - a[1]).slice(0, 7)
  console.log(
    `${rows} x ${length} tokens: ${shares.map(([name, one]) => `${name} ${((100 * one) / total).toFixed(1)} %`).join(', ')}`,
  )
}
