import { spawn } from 'node:child_process'
import { SweepError } from '@sweepboard/contracts'

/** A driver in trouble makes the program hang. */
const LIMIT_MS = 10_000
const MOST_CHARACTERS = 4 * 2 ** 20

export interface ProgramEnd {
  readonly stdout: string
  /** First line the program printed to say why it failed; null when it went well. */
  readonly trouble: string | null
}

/** `nvidia-smi` of `PATH`. */
export class NvidiaSmi {
  readonly #limitMs: number
  /** Killed and not yet gone: inside a driver that hangs, a process does not even hear SIGKILL. */
  #stuck = 0

  constructor(limitMs: number = LIMIT_MS) {
    this.#limitMs = limitMs
  }

  /**
   * Runs the program without blocking, for at most ten seconds. It prints its errors to stdout, and rows of healthy GPUs beside them.
   * @throws SweepError `SB-WORK-010` when there is no such program, it does not end in time, or an earlier one still has not
   */
  run(args: readonly string[]): Promise<ProgramEnd> {
    const late = `nvidia-smi did not end within ${this.#limitMs / 1000} s`
    if (this.#stuck > 0) return Promise.reject(new SweepError('SB-WORK-010', { message: late }))
    const { promise, resolve, reject } = Promise.withResolvers<ProgramEnd>()
    const child = spawn('nvidia-smi', args, { stdio: ['ignore', 'pipe', 'pipe'] })
    const out = { stdout: '', stderr: '' }
    for (const name of ['stdout', 'stderr'] as const)
      child[name].setEncoding('utf8').on('data', (text: string) => {
        if (out[name].length < MOST_CHARACTERS) out[name] += text
      })
    const timer = setTimeout(() => {
      this.#stuck += 1
      child.once('exit', () => {
        this.#stuck -= 1
      })
      child.kill('SIGKILL')
      child.unref()
      for (const name of ['stdout', 'stderr'] as const) child[name].destroy()
      reject(new SweepError('SB-WORK-010', { message: late }))
    }, this.#limitMs)
    child.once('error', (error: NodeJS.ErrnoException) => {
      clearTimeout(timer)
      const message = error.code === 'ENOENT' ? 'there is no nvidia-smi on PATH' : `nvidia-smi: ${error.message}`
      reject(new SweepError('SB-WORK-010', { message, isAbsent: error.code === 'ENOENT' }))
    })
    child.once('close', (code) => {
      clearTimeout(timer)
      const words = `${out.stderr}\n${out.stdout}`.split('\n').find((line) => line.trim() !== '')
      resolve({ stdout: out.stdout, trouble: code === 0 ? null : (words ?? `nvidia-smi ended with ${code}`).trim() })
    })
    return promise
  }
}
