/** Named crash points of the service (protocol section 11) that this version passes. */
export const SERVICE_CRASH_POINTS = [
  'submit.after',
  'prepared.before',
  'lease.before-add',
  'lease.after-add',
  'claim.before',
  'claim.after',
  'commit.before',
  'commit.after',
  'end.before',
  'end.after',
  'expire.after',
  'control.after',
  'gc.after-mark',
  'gc.before-unlink',
] as const

/**
 * Fault injection: SIGKILL to this very process at the point named, `point` or `point#3` for its third passing. Without a
 * name nothing ever happens. RangeError on a point that does not exist, so that a misspelt test cannot pass.
 */
export function openCrashPoint(crashAt: string | undefined): (passed: string) => void {
  if (crashAt === undefined) return () => undefined
  const [point, nth = '1'] = crashAt.split('#')
  if (!SERVICE_CRASH_POINTS.some((known) => known === point)) throw new RangeError(`no crash point ${crashAt}`)
  let left = Number(nth)
  return (passed) => {
    if (passed !== point) return
    left -= 1
    if (left === 0) process.kill(process.pid, 'SIGKILL')
  }
}
