import { closeSync, existsSync, mkdirSync, openSync, renameSync, rmSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'
import { maskOf } from '@sweepboard/contracts'

const TAIL_LINES = 40
const TAIL_BYTES = 8192
const LINE_BYTES = 2000
const FILE_BYTES = 4 * 2 ** 20
const FAULTS = 3
const FAULT_BYTES = 500
/** An exception as Python words it (`RuntimeError: ...`), an error as C++, Rust and Go programs do (`error: ...`, `panic: ...`). */
const FAULT = /(?:\b[A-Z]\w*(?:Error|Exception)|(?<![\w/])(?:error|fatal|panic)): .*\S/

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is taken out
const CONTROLS = /\x1b\[[0-9;?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|[\x00-\x08\x0b-\x1f\x7f-\x9f]/g

/**
 * What one server printed: its last lines in memory, at most 40 and 8 KiB, without control characters and secrets, the last errors it named, and
 * all of it, as it was, in a file of this host that begins anew after 4 MiB (the part before is kept as `.1`). A log that cannot be written is no reason to stop a
 * server.
 */
export class ServerLog {
  readonly #path: string
  readonly #onLine: (line: string) => void
  readonly #limit: number
  /** null: it could not be opened, or is closed. */
  #file: number | null
  #fileBytes = 0
  #mask = maskOf([])
  #lines: string[] = []
  #faults: string[] = []
  #open = ''
  #at: number
  readonly #now: () => number

  constructor(path: string, parts: { onLine: (line: string) => void; now: () => number; limitBytes?: number }) {
    this.#path = path
    this.#onLine = parts.onLine
    this.#limit = parts.limitBytes ?? FILE_BYTES
    this.#now = parts.now
    this.#at = parts.now()
    this.#file = this.#openFile()
  }

  /** When something was printed last. */
  get lastAt(): number {
    return this.#at
  }

  /** Lines go to people elsewhere: from now on they never show these, nor the login of an address. */
  hide(secrets: readonly string[]): void {
    this.#mask = maskOf(secrets)
  }

  /** A start begins: what the one before it printed stays in the file only. */
  begin(): void {
    this.#lines = []
    this.#faults = []
    this.#open = ''
    this.#at = this.#now()
  }

  write(text: string): void {
    this.#at = this.#now()
    this.#keep(text)
    // A progress bar rewrites its line: what stands after the last carriage return is what one would see.
    const parts = (this.#open + text).split('\n')
    this.#open = (parts.pop() ?? '').slice(-LINE_BYTES)
    for (const part of parts) this.#add(part)
  }

  /** The last lines, one open line included, at most so many bytes. */
  tail(bytes = TAIL_BYTES): string {
    const open = this.#mask(clean(this.#open))
    return fit([...this.#lines, ...(open === '' ? [] : [open])], Math.min(bytes, TAIL_BYTES)).join('\n')
  }

  /**
   * The last three different errors named since the start, the oldest first, each without what a logger puts before it and at most 500
   * characters. vLLM prints more than a tail's worth of lines about its end after the line that says why.
   */
  faults(): readonly string[] {
    return this.#faults
  }

  close(): void {
    if (this.#file !== null) closeSync(this.#file)
    this.#file = null
  }

  #add(raw: string): void {
    const line = this.#mask(clean(raw))
    if (line === '') return
    this.#lines = [...this.#lines, line].slice(-TAIL_LINES)
    const fault = FAULT.exec(line)?.[0].slice(0, FAULT_BYTES)
    if (fault !== undefined && !this.#faults.includes(fault)) this.#faults = [...this.#faults, fault].slice(-FAULTS)
    this.#onLine(line)
  }

  #keep(text: string): void {
    if (this.#file === null) return
    try {
      this.#fileBytes += writeSync(this.#file, text)
    } catch {
      return // a full disk, mostly
    }
    if (this.#fileBytes < this.#limit) return
    this.close()
    this.#fileBytes = 0
    this.#file = this.#openFile()
  }

  #openFile(): number | null {
    try {
      mkdirSync(dirname(this.#path), { recursive: true })
      rmSync(`${this.#path}.1`, { force: true })
      if (existsSync(this.#path)) renameSync(this.#path, `${this.#path}.1`)
      return openSync(this.#path, 'w')
    } catch {
      return null
    }
  }
}

function clean(line: string): string {
  const shown = line.replace(/\r$/, '')
  return shown
    .slice(shown.lastIndexOf('\r') + 1)
    .replaceAll(CONTROLS, '')
    .trimEnd()
    .slice(0, LINE_BYTES)
}

/** The last of these lines that fit together. */
function fit(lines: readonly string[], most: number): string[] {
  const kept: string[] = []
  let bytes = 0
  for (const line of lines.toReversed().slice(0, TAIL_LINES)) {
    bytes += Buffer.byteLength(line) + 1
    if (bytes > most) break
    kept.unshift(line)
  }
  return kept
}
