import { type ChildProcess, fork } from 'node:child_process'
import { ERRORS, type ErrorCode, type PreparedTask, SweepError, type TaskRef } from '@sweepboard/contracts'
import type { PrepareAnswer, PrepareRequest } from './prepare-message.ts'
import type { ReadOptions } from './read-task.ts'

const STDERR_TAIL = 2000

/**
 * Prepares a task in a child process, so that the caller's loop and memory stay its own, and stores the artifacts in
 * `<artifactFolder>/<first 2 hex>/<digest>`. An aborted signal kills the child; what it stored stays.
 * @throws SweepError the child's own, with its mistakes (see `prepareTask`); `SB-TASK-011` when the child ends without an
 *   answer, as when memory runs out; `SB-CORE-004` when aborted
 */
export async function prepareInChild(
  ref: TaskRef,
  artifactFolder: string,
  signal?: AbortSignal,
  options: ReadOptions = {},
): Promise<PreparedTask> {
  const cancelled = () => new SweepError('SB-CORE-004', { what: `preparing ${ref.task}` })
  if (signal?.aborted) throw cancelled()
  const child = fork(new URL('./prepare-child.ts', import.meta.url), [], {
    execArgv: [],
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  })
  const kill = () => child.kill('SIGKILL')
  signal?.addEventListener('abort', kill, { once: true })
  try {
    const answer = await askChild(child, { ref, artifactFolder, hub: options.hub ?? null })
    if (typeof answer === 'string')
      throw signal?.aborted ? cancelled() : new SweepError('SB-TASK-011', { task: ref.task, message: answer })
    if (answer.ok) return answer.prepared
    throw revive(answer)
  } finally {
    signal?.removeEventListener('abort', kill)
    kill()
  }
}

/** The child's answer, or in words how it ended without one. */
function askChild(child: ChildProcess, request: PrepareRequest): Promise<PrepareAnswer | string> {
  let tail = ''
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    tail = (tail + text).slice(-STDERR_TAIL)
  })
  return new Promise((settle) => {
    child.once('message', (answer) => settle(answer as PrepareAnswer))
    child.once('error', (error) => settle(error.message))
    child.once('close', (code, signal) => settle(`${signal ?? `exit code ${code}`}${tail ? `: ${tail.trim()}` : ''}`))
    child.send(request, (error) => {
      if (error) settle(error.message)
    })
  })
}

function revive({ failure, mistakes }: PrepareAnswer & { ok: false }): SweepError {
  const code = Object.hasOwn(ERRORS, failure.code) ? (failure.code as ErrorCode) : 'SB-CORE-001'
  return new SweepError(code, failure.details ?? { message: failure.message }, { mistakes })
}
