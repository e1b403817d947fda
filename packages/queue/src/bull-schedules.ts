import { Queue } from 'bullmq'
import type { Redis } from 'ioredis'
import { checkName, checkPrefix } from './names.ts'
import { PatientWorker } from './patient-worker.ts'
import { codedIfRedis, connectForCalls, connectForWorker, ready, redisError, within } from './redis-connection.ts'
import type { RedisLink } from './redis-link.ts'

/** Something that is due again and again. */
export interface Schedule {
  /** Letters, digits, `_` and `-`. Another name is another schedule. */
  readonly name: string
  readonly everyMs: number
  /** Handed to `run` as it is. */
  readonly data: string
}

export interface SchedulesOptions extends RedisLink {
  readonly prefix: string
  /** A connection that hears nothing for so long is made anew; more than the 10 s of a blocking read. */
  readonly silenceMs?: number
  /** Called when one is due, one at a time. What it throws is reported; the schedule goes on. */
  readonly run: (data: string) => Promise<void>
  /** An outage of Redis comes as `redisError` has it, once. */
  readonly onError: (error: Error) => void
}

export interface Schedules {
  /** Makes these the only schedules. One that stands already, unchanged, keeps its next time; a new one is due at once. Rejects with `SB-QUEUE-001`. */
  keep(schedules: readonly Schedule[]): Promise<void>
  /** Takes no further job and waits a few seconds for the one at work. */
  close(): Promise<void>
}

const LANE = 'schedules'
const COMMAND_MS = 5000

/** Schedules by BullMQ's job schedulers: they outlive the process, and what fell due while nobody was there is run once. */
export async function openSchedules(options: SchedulesOptions): Promise<Schedules> {
  const { url, prefix, run, onError } = options
  checkPrefix(prefix)
  const calls = connectForCalls(options, COMMAND_MS)
  await ready(url, calls, COMMAND_MS)
  const queue = new Queue(LANE, { connection: calls, prefix, skipVersionCheck: true })
  const link = connectForWorker(options, options.silenceMs)
  // One word an outage, not one a reconnect.
  let isOutageReported = false
  link.connection.on('ready', () => {
    isOutageReported = false
  })
  const reportOutage = (error: Error) => {
    if (!isOutageReported) onError(codedIfRedis(url, error))
    isOutageReported = true
  }
  queue.on('error', reportOutage)
  const worker = new PatientWorker(LANE, (job) => run(String(job.data)), {
    connection: link.connection,
    prefix,
    concurrency: 1,
    skipVersionCheck: true,
    removeOnComplete: { count: 0 },
    removeOnFail: { count: 0 },
  })
  worker.on('error', reportOutage)
  worker.on('failed', (_job, error) => onError(error))
  return {
    async keep(schedules) {
      try {
        await within(COMMAND_MS, keepIn(queue, schedules))
      } catch (error) {
        throw redisError(url, error)
      }
    },
    async close() {
      // A Redis that is away must not hold the service that ends.
      await within(COMMAND_MS, worker.close()).catch(() => {})
      link.destroy()
      disconnect(calls)
    },
  }
}

async function keepIn(queue: Queue, schedules: readonly Schedule[]): Promise<void> {
  for (const { name } of schedules) checkName(name)
  const standing = await queue.getJobSchedulers(0, -1, true)
  const wanted = new Map(schedules.map((schedule) => [schedule.name, schedule]))
  for (const { key } of standing) if (!wanted.has(key)) await queue.removeJobScheduler(key)
  for (const { name, everyMs, data } of schedules) {
    const known = standing.find(({ key }) => key === name)
    // Writing one anew would make it due at once, at every start of the service.
    if (known !== undefined && Number(known.every) === everyMs && known.template?.data === data) continue
    await queue.upsertJobScheduler(name, { every: everyMs }, { name: LANE, data })
  }
}

function disconnect(connection: Redis): void {
  connection.on('error', () => {})
  connection.disconnect()
}
