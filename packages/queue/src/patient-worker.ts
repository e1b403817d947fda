import { type Job, Worker } from 'bullmq'

/** Between two fetches that Redis refuses. Milliseconds. */
const PAUSE_MS = 1000

/**
 * A BullMQ worker that waits a second before it asks again a Redis that answers a fetch with an error: full, loading, a replica now, unable
 * to write its files. BullMQ itself asks again at once, which takes a whole processor here and there, and reports each time.
 */
export class PatientWorker extends Worker {
  protected override async moveToActive(token: string, name?: string): Promise<Job> {
    try {
      return await super.moveToActive(token, name)
    } catch (error) {
      await this.#pause()
      throw error
    }
  }

  /** Ends early when the worker is closed. */
  async #pause(): Promise<void> {
    const over = Promise.withResolvers<void>()
    const end = () => over.resolve()
    const timer = setTimeout(end, PAUSE_MS)
    this.once('closing', end)
    await over.promise
    this.off('closing', end)
    clearTimeout(timer)
  }
}
