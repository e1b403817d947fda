import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'

/** The repository's root, with a slash at its end. */
export const ROOT = fileURLToPath(new URL('../../../', import.meta.url))

export interface CheckResult {
  readonly name: string
  readonly passed: boolean
}

const CHECKS = [
  { name: 'biome (format and lint)', args: ['node_modules/@biomejs/biome/bin/biome', 'check', '--max-diagnostics=50'] },
  { name: 'tsc (types)', args: ['node_modules/typescript/bin/tsc', '-p', '.'] },
]

/** Formatting, lint and types of the whole repository; what they find goes to stderr. */
export function runChecks(): Promise<CheckResult[]> {
  return Promise.all(CHECKS.map(async ({ name, args }) => ({ name, passed: (await runNode(args)) === 0 })))
}

/**
 * Runs this Node on a script in the root, its output to stderr; resolves to its exit code, 128 + n for a signal.
 * Signals sent to this process are passed on.
 */
export function runNode(args: readonly string[], env: NodeJS.ProcessEnv = process.env): Promise<number> {
  const child = spawn(process.execPath, args, { cwd: ROOT, env, stdio: ['ignore', 2, 2] })
  const pass = (signal: NodeJS.Signals) => child.kill(signal)
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
  for (const signal of signals) process.on(signal, pass)
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', (code, signal) => {
      for (const each of signals) process.off(each, pass)
      resolve(code ?? (signal === 'SIGINT' ? 130 : 143))
    })
  })
}
