import { performance } from 'node:perf_hooks'
import { openFolderStore } from '@sweepboard/artifacts'
import { type JoinAnswer, SweepError } from '@sweepboard/contracts'
import { ArtifactCache } from './artifact-cache.ts'
import { Backoff, pause } from './backoff.ts'
import { type HostFolder, openHostFolder } from './host-folder.ts'
import { clearKept } from './kept-answers.ts'
import type { RunningWorker, WorkerOptions } from './options.ts'
import { Outbox } from './outbox.ts'
import { SlotMemory } from './slot-memory.ts'
import { type State, Worker } from './worker.ts'

/**
 * Starts a host's process: takes the folder (`SB-WORK-001` when another worker has it), joins the service (waiting while
 * it is away, throwing what it refuses with), sends again what an earlier run left in the outbox, and serves the lanes that
 * the beats' answers name. Listens to no signal and never ends the process: that is the caller's.
 */
export async function startWorker(given: WorkerOptions): Promise<RunningWorker> {
  const folder = await openHostFolder(given.folder)
  try {
    clearKept(folder.kept)
    if (folder.secret !== null) given.link.identify?.(folder.secret)
    const join = await joinService(given)
    const options = given.openStore === undefined ? given : { ...given, store: await given.openStore(join) }
    const queue = await options.queue(join)
    const worker = new Worker({ options, folder, join, queue, ...(await openState(options, folder)) })
    await worker.clearServers()
    await worker.reportCrashes()
    worker.start()
    return worker
  } catch (error) {
    await folder.release()
    throw error
  }
}

async function joinService({ link, signal, log }: WorkerOptions): Promise<JoinAnswer> {
  const backoff = new Backoff(500, 15_000)
  const never = new AbortController().signal
  for (let told = false; ; told = true) {
    try {
      return await link.join()
    } catch (error) {
      if (!(error instanceof SweepError) || (error.kind !== 'unavailable' && error.kind !== 'timeout')) throw error
      if (!told) log({ event: 'service-away', what: 'join', message: error.message })
      await pause(backoff.next(), signal ?? never)
    }
  }
}

async function openState(options: WorkerOptions, folder: HostFolder): Promise<State> {
  const now = options.now ?? (() => performance.now())
  const outbox = await Outbox.open(folder.outbox)
  const own = openFolderStore(folder.artifacts)
  const cache = new ArtifactCache({
    own,
    remote: options.store,
    needed: (digest) => outbox.needs(digest),
    limitBytes: options.cacheBytes,
  })
  await cache.trim()
  return { outbox, cache, memory: await SlotMemory.open(folder.slots, now, identitiesOf(options)), now }
}

/** What each slot computes on; slots without a GPU are known by their ids. */
function identitiesOf({ slots, gpus }: WorkerOptions): ReadonlyMap<string, string> {
  return new Map(slots.flatMap((slot) => [[slot.id, gpus?.identity(slot) ?? slot.id] as const]))
}
