/** Named crash points of protocol section 11: where fault injection may take a process down. */
export const WORKER_CRASH_POINTS = [
  'taken',
  'claim-sent',
  'claimed',
  'chunk-begun',
  'artifact.before',
  'artifact.written',
  'upload.done',
  'outbox.written',
  'ticket.before',
  'ticket.done',
  'ack.before-remove',
  'score.read',
  'score.done',
] as const
export const CHILD_CRASH_POINTS = ['load', 'batch', 'write'] as const
export type CrashPoint = (typeof WORKER_CRASH_POINTS)[number] | (typeof CHILD_CRASH_POINTS)[number]

/** Called where a crash may happen; does nothing unless this very point was asked for. */
export type Fault = (point: CrashPoint) => void

/** Whether a `crashAt` names a point of the child. */
export function isChildCrash(crashAt: string): boolean {
  return CHILD_CRASH_POINTS.some((point) => point === crashAt.split('#')[0])
}

/**
 * The fault of one process: SIGKILL to itself at the point named, `point` or `point#3` for its third passing. Without a
 * name nothing ever happens. RangeError on a point that does not exist, so that a misspelt test cannot pass.
 */
export function openFault(crashAt: string | undefined): Fault {
  if (crashAt === undefined) return () => undefined
  const [point, nth = '1'] = crashAt.split('#')
  if (![...WORKER_CRASH_POINTS, ...CHILD_CRASH_POINTS].some((known) => known === point)) {
    throw new RangeError(`no crash point ${crashAt}`)
  }
  let left = Number(nth)
  return (passed) => {
    if (passed !== point) return
    left -= 1
    if (left === 0) process.kill(process.pid, 'SIGKILL')
  }
}
