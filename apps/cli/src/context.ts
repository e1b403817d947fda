import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { SweepError } from '@sweepboard/contracts'

/** Options every command knows. */
export interface CommonOptions {
  readonly json?: boolean
  readonly data?: string
  readonly to?: string
  readonly tokenFile?: string
}

export const VERSION: string = (
  JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string }
).version

/** The data folder: `--data`, else SWEEPBOARD_DATA, else `./.sweepboard`. */
export function dataFolder(options: CommonOptions): string {
  return resolve(options.data ?? process.env.SWEEPBOARD_DATA ?? '.sweepboard')
}

/** The code that runs: git commit of the checkout where there is one, else the version. Part of every cell's evidence. */
export function codeVersion(): string {
  try {
    const cwd = dirname(new URL(import.meta.url).pathname)
    const commit = execFileSync('git', ['rev-parse', '--short=12', 'HEAD'], { cwd, stdio: ['ignore', 'pipe', 'ignore'] })
      .toString()
      .trim()
    return `${VERSION}+${commit}`
  } catch {
    return VERSION // an installed package has no checkout
  }
}

/** A token from `--token-file`, else SWEEPBOARD_TOKEN, else null. */
export function readToken(options: { readonly tokenFile?: string }): string | null {
  return options.tokenFile ? readSecret(options.tokenFile) : secretOf(process.env.SWEEPBOARD_TOKEN)
}

/** A secret of the environment; an empty variable is none. */
export function secretOf(variable: string | undefined): string | null {
  return variable?.trim() || null
}

/** First line of a secret's file. Throws `SB-FILE-001`, also where it is empty: that secret would be everybody's. */
export function readSecret(file: string): string {
  const secret = readPassword(file)
  if (secret === undefined) throw new SweepError('SB-FILE-001', { file, message: 'it holds no secret, it is empty' })
  return secret
}

/** First line of a password's file; undefined where it is empty: whoever asks for none is told none. Throws `SB-FILE-001`. */
export function readPassword(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8').trim().split(/\r?\n/, 1)[0]?.trim() || undefined
  } catch (cause) {
    throw new SweepError('SB-FILE-001', { file, message: (cause as Error).message }, { cause })
  }
}
