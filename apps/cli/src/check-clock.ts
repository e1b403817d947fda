import { execFileSync } from 'node:child_process'
import { type Finding, ok, warning } from './finding.ts'

/** Seconds of difference that make two logs hard to read side by side. */
const SKEW_SECONDS = 5
const FIX = 'Let a time service set it: `timedatectl set-ntp true`, or chrony.'

/** The clock against that of a service; no decision of ours compares clocks, but people compare logs. Nothing to ask without a URL. */
export async function checkClock(serviceUrl: string | undefined): Promise<Finding> {
  if (serviceUrl !== undefined) {
    const seconds = await skewOf(serviceUrl)
    if (seconds === null)
      return warning('clock', `${serviceUrl} does not say what time it has`, 'Start the service, or correct --to.')
    return judgeSkew(seconds)
  }
  return isUnsynchronised() ? warning('clock', 'no time service sets it', FIX) : ok('clock', 'set by a time service, or unknown')
}

/** Pure. */
export function judgeSkew(seconds: number): Finding {
  const words = `${Math.abs(seconds).toFixed(1)} s ${seconds < 0 ? 'behind' : 'ahead of'} the service`
  if (Math.abs(seconds) <= SKEW_SECONDS) return ok('clock', words)
  return warning('clock', `${words}: times of logs and of the board do not fit together`, FIX)
}

/** Seconds our clock is ahead of the `Date` header, which counts whole seconds; null where nobody answers. */
async function skewOf(url: string): Promise<number | null> {
  try {
    const from = Date.now()
    const answer = await fetch(`${url.replace(/\/+$/, '')}/api/v1/health`, { signal: AbortSignal.timeout(5000) })
    const middle = (from + Date.now()) / 2
    const date = Date.parse(answer.headers.get('date') ?? '')
    return Number.isNaN(date) ? null : (middle - (date + 500)) / 1000
  } catch {
    return null
  }
}

function isUnsynchronised(): boolean {
  try {
    const words = execFileSync('timedatectl', ['show', '-p', 'NTPSynchronized'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
      timeout: 5000,
    })
    return /=no\b/.test(words)
  } catch {
    return false // no systemd here
  }
}
