/**
 * Published scores of all-MiniLM-L6-v2 beside ours: onnx fp32 on the files of ../shared.
 * Run: node benchmarks/encode/published.ts [threads] [part of a task's name]
 * Prints one line a task and exits with 1 when a score is further than 0.001 from the published one. SciFact takes minutes.
 */
import { PUBLISHED_SCORES, withMiniLm } from '../../packages/models/test/published-score.ts'

const TOLERANCE = 0.001
const [threads = '2', part = ''] = process.argv.slice(2)
const tasks = PUBLISHED_SCORES.filter(({ task }) => task.toLowerCase().includes(part.toLowerCase()))
if (tasks.length === 0) throw new Error(`no task has ${part} in its name`)
await withMiniLm(Number(threads), async (encode) => {
  for (const { task, published, measure } of tasks) {
    const began = performance.now()
    const score = await measure(encode)
    const isNear = Math.abs(score - published) <= TOLERANCE
    const seconds = ((performance.now() - began) / 1000).toFixed(1)
    console.log(
      `${task.padEnd(18)} ours ${score.toFixed(6)} published ${published.toFixed(5)} ${isNear ? 'ok' : 'FAR'} ${seconds} s`,
    )
    if (!isNear) process.exitCode = 1
  }
})
