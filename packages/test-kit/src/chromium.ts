import type { Browser } from 'playwright-core'
import { findOnPath } from './on-path.ts'

export type ChromiumStart = { browser: Browser; reason: '' } | { browser: null; reason: string }

/** Keeps Chromium from looking up anything but the loopback address: a test machine may be offline, or watched. */
const ARGS = [
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-domain-reliability',
  '--no-first-run',
  '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1',
]

/** The Chromium of the PATH, headless, through playwright-core; `browser` is null where there is none, with the reason. */
export async function launchChromium(): Promise<ChromiumStart> {
  const executablePath = findOnPath(['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'])
  if (!executablePath) return { browser: null, reason: 'no chromium on PATH (Debian: apt-get install chromium)' }
  const { chromium } = await import('playwright-core')
  // Root (containers) cannot use Chromium's own sandbox.
  const browser = await chromium.launch({ executablePath, chromiumSandbox: false, args: ARGS })
  return { browser, reason: '' }
}
