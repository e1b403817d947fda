import { toFailureRecord, toSweepError } from '@sweepboard/contracts'
import { writeArtifact } from './artifact-file.ts'
import { prepareTask } from './prepare.ts'
import type { PrepareAnswer, PrepareRequest } from './prepare-message.ts'

/** Entry of the preparation child: one request, one answer, end. It does not outlive its parent. */

const die = () => process.kill(process.pid, 'SIGKILL')

async function answer({ ref, artifactFolder, hub }: PrepareRequest): Promise<PrepareAnswer> {
  try {
    const put = (bytes: Uint8Array) => writeArtifact(artifactFolder, bytes)
    return { ok: true, prepared: await prepareTask(ref, put, { hub: hub ?? undefined }) }
  } catch (thrown) {
    return { ok: false, failure: toFailureRecord(thrown), mistakes: toSweepError(thrown).mistakes }
  }
}

process.once('disconnect', die)
process.once('message', async (request) => {
  const found = await answer(request as PrepareRequest)
  process.send?.(found, undefined, undefined, () => {
    process.off('disconnect', die)
    process.disconnect?.()
  })
})
