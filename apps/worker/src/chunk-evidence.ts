import type { ChunkEvidence } from '@sweepboard/contracts'
import type { ChunkOutcome } from './encode-chunk.ts'
import type { Host } from './host.ts'
import type { LaunchedServer } from './launched-server.ts'
import type { SlotOption } from './slot-option.ts'

type Done = Extract<ChunkOutcome, { state: 'done' }>

export interface EvidencePlace {
  readonly host: Host
  readonly slot: { readonly id: string; readonly device: SlotOption['device']; readonly server: LaunchedServer | null }
  readonly lane: string
}

/** What a chunk of so many texts was computed by, and what it took. */
export function evidenceOf({ reply, facts, splits }: Done, textCount: number, place: EvidencePlace): ChunkEvidence {
  const { counts, dim, encodeSeconds } = reply
  const { engine, version, provider, dtype, device, loadSeconds } = facts
  return {
    host: place.host.folder.host,
    slot: place.slot.id,
    code: place.host.options.code,
    engine,
    engineVersion: version,
    provider,
    dtype,
    device,
    textCount,
    tokenCount: counts.tokenCount,
    paddedTokenCount: counts.paddedTokenCount,
    truncatedCount: counts.truncatedCount,
    controlTokenCount: counts.controlTokenCount,
    emptyTextCount: counts.emptyTextCount,
    batchCount: counts.batchCount,
    splitCount: counts.splitCount + splits,
    loadSeconds,
    encodeSeconds,
    peakMemoryBytes: peakOf(reply, place),
    dim,
    ...(reply.queryMs && { queryMs: [...reply.queryMs] }),
    ...(reply.weightsBytes !== undefined && { weightsBytes: reply.weightsBytes }),
    ...(reply.energyJoules !== undefined && { energyJoules: reply.energyJoules }),
  }
}

/** Most memory that what computed this chunk was seen to hold: of a server of ours, on the slot's GPUs where it has some. */
function peakOf(reply: Done['reply'], { host, slot, lane }: EvidencePlace): number {
  if (slot.server === null) return reply.peakMemoryBytes
  return (slot.device === 'cuda' ? host.memory.peaks(slot.id)[lane] : undefined) ?? slot.server.peakBytes
}
