import { openFolderStore } from '@sweepboard/artifacts'
import { type DeriveWork, type RerankWork, type ScoreWork, SweepError } from '@sweepboard/contracts'
import {
  deriveGroup,
  findPairs,
  type GroupScores,
  MissingChunks,
  rerankGroup,
  type ScoreIo,
  scoreLexicalGroup,
  scoreTaskGroup,
} from '@sweepboard/scoring'
import type { ScoreOutcome, ScoreRequest } from './child-message.ts'
import { type RequestTools, serveParent } from './child-side.ts'

/** The process that scores groups: reads vectors and judgments from the worker's own store, leaves runs and scores there. */

async function score(request: ScoreRequest, tools: RequestTools): Promise<ScoreOutcome> {
  const store = openFolderStore(request.artifacts)
  const io = {
    get: (digest: string) => store.get(digest),
    put: (bytes: Uint8Array) => store.put(bytes),
    release: (memory: ArrayBuffer) => void memory.transfer(0), // a file's bytes, read for this one asker
    onProgress: tools.progress,
    signal: tools.signal,
  }
  try {
    const { work, where } = request
    if (work.kind === 'pairs') return { results: [], failures: [], missing: [], pairSet: await findPairs(work, io) }
    const { results, failures } = await scoreOne(work, io, where)
    return { results: [...results], failures: [...failures], missing: [] }
  } catch (error) {
    if (error instanceof MissingChunks) return { results: [], failures: [], missing: [...error.missing] }
    throw error
  }
}

function scoreOne(work: ScoreWork | RerankWork | DeriveWork, io: ScoreIo, where: ScoreRequest['where']): Promise<GroupScores> {
  if (work.kind === 'rerank') return rerankGroup(work, io, where)
  if (work.kind === 'derive') return deriveGroup(work, io, where)
  const { lexical } = work
  return lexical === undefined ? scoreTaskGroup(work, io, where) : scoreLexicalGroup({ ...work, lexical }, io, where)
}

serveParent(async (request, tools) => {
  if (request.kind !== 'score')
    throw new SweepError('SB-CORE-001', { message: `the scoring child got a ${request.kind} request` })
  return { ...(await score(request, tools)), residentBytes: process.memoryUsage.rss() }
})
