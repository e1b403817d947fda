import { toFailureRecord, toSweepError } from '@sweepboard/contracts'
import { writeArtifact } from './artifact-file.ts'
import { prepareTask } from './prepare.ts'
import type { PrepareAnswer, PrepareOutcome, PrepareRequest } from './prepare-message.ts'

/** Entry of the preparation child: an answer to each request, in turn. It does not outlive its parent. */

/** A child that has grown beyond this ends after its answer: a big task's memory is not kept for small ones. */
const KEPT_BYTES = 2 ** 29

process.once('disconnect', () => process.kill(process.pid, 'SIGKILL'))

process.on('message', async (request) => {
  const found = await outcomeOf(request as PrepareRequest)
  process.send?.({ ...found, isLast: process.memoryUsage.rss() > KEPT_BYTES } satisfies PrepareAnswer)
})

async function outcomeOf({ ref, artifactFolder, hub }: PrepareRequest): Promise<PrepareOutcome> {
  try {
    const put = (bytes: Uint8Array) => writeArtifact(artifactFolder, bytes)
    const notes: string[] = []
    const prepared = await prepareTask(ref, put, { hub: hub ?? undefined, onNote: (note) => notes.push(note) })
    return { ok: true, prepared, notes }
  } catch (thrown) {
    return { ok: false, failure: toFailureRecord(thrown), mistakes: toSweepError(thrown).mistakes }
  }
}
