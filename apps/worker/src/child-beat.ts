import { writeSync } from 'node:fs'
import { isMainThread, Worker, workerData } from 'node:worker_threads'

/** File descriptor of the beat pipe: the first after stdin, stdout, stderr and IPC. */
const BEAT_FD = 4
const BEAT_MS = 200

interface BeatData {
  readonly counter: Int32Array
  readonly parent: number
}

/**
 * Starts the child's beat: a thread that writes the progress counter to the beat pipe five times a second, also while the
 * main thread computes, and that kills the process when the parent is gone. Returns what the main thread calls per step.
 */
export function startBeat(parent: number): () => void {
  const counter = new Int32Array(new SharedArrayBuffer(4))
  const data: BeatData = { counter, parent }
  new Worker(new URL(import.meta.url), { workerData: { sweepboardBeat: data } }).unref()
  return () => {
    Atomics.add(counter, 0, 1)
  }
}

function beat({ counter, parent }: BeatData): void {
  setInterval(() => {
    if (process.ppid !== parent) process.kill(process.pid, 'SIGKILL')
    try {
      writeSync(BEAT_FD, `${Atomics.load(counter, 0)}\n`)
    } catch (error) {
      // A full pipe loses one beat; a closed one means that nobody listens any more.
      if (!(error instanceof Error && 'code' in error && error.code === 'EAGAIN')) process.kill(process.pid, 'SIGKILL')
    }
  }, BEAT_MS)
}

if (!isMainThread && workerData?.sweepboardBeat !== undefined) beat(workerData.sweepboardBeat)
