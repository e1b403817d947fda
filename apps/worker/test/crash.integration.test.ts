import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { processesMarked, RUN_MARK, waitUntil } from '@sweepboard/test-kit'
import { beforeAll, describe, expect, it } from 'vitest'
import { CHILD_CRASH_POINTS, WORKER_CRASH_POINTS } from '../src/index.ts'

const ENTRY = fileURLToPath(new URL('./fleet-process.ts', import.meta.url))

async function runFleet(folder: string, crashAt?: string): Promise<{ signal: string | null; code: number | null; out: string }> {
  const args = crashAt === undefined ? [ENTRY, folder] : [ENTRY, folder, crashAt]
  const child = spawn(process.execPath, args, {
    env: { ...process.env, [RUN_MARK]: folder },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let out = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text
  })
  const [code, signal] = await new Promise<[number | null, string | null]>((resolve) => {
    child.once('close', (...end) => resolve(end))
  })
  return { code, signal, out }
}

async function inFolder<T>(run: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'sb-crash-'))
  try {
    return await run(folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

describe('SIGKILL of everything at each crash point', () => {
  let quiet = ''
  beforeAll(async () => {
    quiet = (await inFolder((folder) => runFleet(folder))).out
    expect(JSON.parse(quiet)).toMatchObject([{ state: 'scored' }])
  })

  it.each([...WORKER_CRASH_POINTS])('%s: no orphan, and the next start ends with the cells of a quiet run', (point) =>
    inFolder(async (folder) => {
      expect(await runFleet(folder, point)).toMatchObject({ signal: 'SIGKILL' })
      await waitUntil(() => processesMarked(RUN_MARK, folder).length === 0, { deadlineMs: 3000, what: 'no process left' })
      expect(await runFleet(folder)).toEqual({ code: 0, signal: null, out: quiet })
    }),
  )

  it.each([...CHILD_CRASH_POINTS])('child %s: replaced within the same run', (point) =>
    inFolder(async (folder) => {
      expect(await runFleet(folder, point)).toEqual({ code: 0, signal: null, out: quiet })
    }),
  )
})
