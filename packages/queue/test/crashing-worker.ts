// A worker process for the tests: takes one ticket, says so on stdout, and holds it until it is killed.
import { openBullQueue } from '../src/index.ts'

const [url = '', prefix = '', lane = '', lockMs = '1000'] = process.argv.slice(2)
const times = { lockMs: Number(lockMs), stalledMs: Number(lockMs) }
const queue = await openBullQueue({ url, prefix, times })
queue.consume(lane, { concurrency: 1 }, (ticket) => {
  process.stdout.write(`${ticket}\n`)
  return new Promise(() => {})
})
