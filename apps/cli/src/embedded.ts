import { hostname } from 'node:os'
import { join } from 'node:path'
import { SweepError } from '@sweepboard/contracts'
import type { OwnLaunchers } from '@sweepboard/models'
import { openLocalQueue } from '@sweepboard/queue'
import { createApp, type Listening, listen, openLocalLink, Service } from '@sweepboard/results'
import type { HubSettings } from '@sweepboard/tasks'
import { type FoundSlots, findSlots, type RunningWorker, startWorker } from '@sweepboard/worker'
import { codeVersion, VERSION } from './context.ts'
import { commandHolder } from './folder-source.ts'
import { printNote } from './output.ts'
import { announceService, nameService } from './service-address.ts'
import { buildWeb } from './web.ts'

export interface EmbeddedOptions {
  readonly folder: string
  /** As `--slots` spells them, or found already. */
  readonly slots: string | FoundSlots
  readonly port: number
  readonly allowEnv: readonly string[]
  readonly threads?: number
  /** Milliseconds one chunk or one scoring may take. */
  readonly jobMs?: number
  /** What this host says of launchers. */
  readonly launchers?: OwnLaunchers
  readonly hub: HubSettings
  readonly log: (entry: Readonly<Record<string, unknown>>) => void
}

export interface Embedded {
  readonly service: Service
  readonly worker: RunningWorker
  /** Opens the board on the next free port. */
  serveBoard(): Promise<Listening>
  stop(): Promise<void>
}

/** The slots of `--slots` on this machine; what is to be said of its GPUs is printed. */
export function findSlotsHere(list: string): Promise<FoundSlots> {
  const onNote = (message: string) => printNote(`note: ${message}`)
  return findSlots(list, { visible: process.env.CUDA_VISIBLE_DEVICES, onNote })
}

const BEAT_MS = 500
const TICK_MS = 100

/** Service, worker and in-process queue in one process: the same parts as a fleet, another queue and no wire. */
export async function openEmbedded(options: EmbeddedOptions): Promise<Embedded> {
  const { slots, gpus } = typeof options.slots === 'string' ? await findSlotsHere(options.slots) : options.slots
  const queue = openLocalQueue()
  const holder = commandHolder()
  const service = await nameService(options.folder, () =>
    Service.open({
      folder: options.folder,
      holder,
      openQueue: async () => ({ queue, join: { kind: 'local' } }),
      version: VERSION,
      beatMs: BEAT_MS,
      tickMs: TICK_MS,
      hub: options.hub,
      readableRoots: null,
      log: options.log,
    }),
  )
  service.start()
  let listening: Listening | null = null
  let announced: ReturnType<typeof announceService> | null = null
  try {
    const worker = await startWorker({
      link: openLocalLink(service),
      queue: () => queue,
      store: service.store,
      folder: join(options.folder, 'worker'),
      slots,
      ...(gpus ? { gpus } : {}),
      allowEnv: options.allowEnv,
      readEnv: (name) => process.env[name],
      hostname: hostname(),
      version: VERSION,
      code: codeVersion(),
      ...(options.jobMs === undefined ? {} : { jobMs: options.jobMs }),
      ...(options.threads === undefined ? {} : { threads: options.threads }),
      ...(options.launchers === undefined ? {} : { launchers: options.launchers }),
      log: options.log,
    })
    return {
      service,
      worker,
      serveBoard: async () => {
        const app = createApp(service, {
          tokens: { read: null, write: null },
          webFolder: await buildWeb(options.folder),
          bodyLimitBytes: 64 * 2 ** 20,
          artifactLimitBytes: 2 ** 31,
        })
        listening = await listen(app, { host: '127.0.0.1', port: options.port, next: true })
        announced = announceService(options.folder, { holder, url: listening.url })
        return listening
      },
      stop: async () => {
        await worker.stop({ drain: true })
        await service.forgetRetired()
        announced?.remove()
        await listening?.close()
        await service.stop()
      },
    }
  } catch (thrown) {
    await service.stop()
    throw thrown
  }
}

/** Nobody can join an embedded run: a lane that no slot here can ever serve fails at once, with what would fit. */
export function failUnservable({ service }: Embedded): void {
  for (const { lane, kind, reason } of service.coordinator.unservable()) {
    // The service fails those itself, with what closed them.
    if (kind === 'closed') continue
    const error = new SweepError('SB-WORK-004', { lane, reason })
    service.ledger.laneDead(lane, { code: error.code, kind: error.kind, message: error.message, fix: error.fix })
  }
}
