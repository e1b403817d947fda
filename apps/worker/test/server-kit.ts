import { mkdtempSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Load, loadKey } from '@sweepboard/contracts'
import { parseLaunchers } from '@sweepboard/models'
import { isAlive, type LaunchStubOptions, launchStubFile } from '@sweepboard/test-kit'
import { LaunchedServer } from '../src/launched-server.ts'
import type { LaunchedServerParts } from '../src/server-parts.ts'
import { ServerRecords } from '../src/server-record.ts'
import type { ServerState } from '../src/server-state.ts'

/** A load whose server is the stub that a launchers file calls by this name. */
export function stubLoad(launcher = 'stub', open: Partial<Load['open']> = {}): Load {
  const identity = {
    engine: 'openai',
    weights: null,
    dtype: 'float32',
    provider: launcher,
    options: { model: 'stub', dimensions: 32 },
    fingerprint: null,
  } as const
  return Load.parse({
    key: loadKey(identity),
    model: 'org/stub',
    revision: '1',
    identity,
    open: { concurrency: 2, timeoutMs: 5000, launch: { launcher, serves: 'vectors', devices: ['cpu'] }, ...open },
    memoryBytes: 1,
  })
}

export interface WatchedServer {
  readonly server: LaunchedServer
  readonly folder: string
  readonly records: ServerRecords
  readonly states: ServerState[]
}

/** One stub server in a folder of its own, with every state it was in. */
export function stubServer(options: LaunchStubOptions, parts: Partial<LaunchedServerParts> = {}): WatchedServer {
  const folder = mkdtempSync(join(tmpdir(), 'sb-server-'))
  const records = new ServerRecords(join(folder, 'servers'))
  const states: ServerState[] = []
  const server = new LaunchedServer({
    load: stubLoad(),
    slot: { id: 'cpu0', devices: [], memoryBytes: 2 ** 30 },
    own: parseLaunchers(launchStubFile({ stub: { state: join(folder, 'state'), ...options } }), 'test'),
    modelsRoot: null,
    folder: join(folder, 'servers'),
    records,
    environment: (command) => ({ PATH: process.env.PATH ?? '', ...command }),
    limits: { silentMs: 20_000, mostMs: 60_000 },
    stopMs: 10_000,
    now: () => performance.now(),
    isDeviceLost: async () => false,
    onState: (state) => states.push(state),
    ...parts,
  })
  return { server, folder, records, states }
}

/** Whether somebody listens on a URL's port. */
export function listens(url: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(Number(new URL(url).port), '127.0.0.1')
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}

/** Those of some processes that run. */
export function alive(pids: readonly number[]): number[] {
  return pids.filter((pid) => isAlive(pid))
}
