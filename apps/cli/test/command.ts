import { type ChildProcess, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const BIN = fileURLToPath(new URL('../bin/sweepboard.mjs', import.meta.url))
export const REPOSITORY = fileURLToPath(new URL('../../../', import.meta.url))
/** Real data sets and published results; lies beside the repository, absent on most machines. */
export const SHARED = fileURLToPath(new URL('../../../../shared/', import.meta.url))

export interface Ended {
  readonly exit: number
  readonly stdout: string
  readonly stderr: string
}

export interface Running {
  readonly child: ChildProcess
  readonly ended: Promise<Ended>
  /** What stdout and stderr said so far. */
  readonly said: () => { readonly stdout: string; readonly stderr: string }
  /** Resolves when `stdout` or `stderr` holds the text; rejects when the command ends before. */
  readonly until: (text: string) => Promise<void>
}

/** Starts the command as a user would: another process, its own environment less the variables that point elsewhere. */
export function start(args: readonly string[], env: Readonly<Record<string, string>> = {}): Running {
  const { SWEEPBOARD_DATA: _data, SWEEPBOARD_TOKEN: _token, ...inherited } = process.env
  const child = spawn(process.execPath, [BIN, ...args], { env: { ...inherited, ...env }, stdio: ['ignore', 'pipe', 'pipe'] })
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  const ended = new Promise<Ended>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code, signal) => resolve({ exit: code ?? (signal ? -1 : 0), stdout, stderr }))
  })
  const until = (text: string) =>
    new Promise<void>((resolve, reject) => {
      const look = () => (stdout.includes(text) || stderr.includes(text)) && resolve()
      child.stdout.on('data', look)
      child.stderr.on('data', look)
      child.on('close', () => reject(new Error(`ended before it said ${text}: ${stderr || stdout}`)))
      look()
    })
  return { child, ended, said: () => ({ stdout, stderr }), until }
}

export function sweepboard(...args: string[]): Promise<Ended> {
  return start(args).ended
}

export interface Place {
  readonly folder: string
  readonly data: string
  /** Writes a file below the folder, in folders made for it, and returns its path. */
  readonly write: (name: string, content: string | Uint8Array) => string
  readonly remove: () => void
}

/** A folder of a test's own, with a data folder that nobody made yet. */
export function openPlace(): Place {
  const folder = mkdtempSync(join(tmpdir(), 'sweepboard-acceptance-'))
  return {
    folder,
    data: join(folder, 'data'),
    write: (name, content) => {
      const path = join(folder, name)
      mkdirSync(dirname(path), { recursive: true })
      writeFileSync(path, content)
      return path
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  }
}

export interface CellEvent {
  readonly event: 'cell'
  readonly model: string
  readonly task: string
  readonly subset: string
  readonly state: string
  readonly config: { readonly dimensions: number | null; readonly precision: string; readonly similarity: string }
  readonly main_score: number | null
  readonly metrics: Readonly<Record<string, number | null>>
  readonly failure: { readonly code: string; readonly message: string; readonly mistakes?: readonly unknown[] } | null
}
export type Event =
  | CellEvent
  | ({ readonly event: 'submitted' | 'consistency' | 'gate' | 'done' | 'error' } & Record<string, unknown>)

/** The NDJSON events of `run --json`. */
export function readEvents(stdout: string): Event[] {
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Event)
}

export function cellsOf(stdout: string): CellEvent[] {
  return readEvents(stdout).filter((event): event is CellEvent => event.event === 'cell')
}
