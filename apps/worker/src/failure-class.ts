import type { SweepError } from '@sweepboard/contracts'

/**
 * What a failure of the engine asks for:
 * `aborted` nothing; `busy` the same again later; `lane` another slot (nothing this engine is given will work);
 * `text` a search for the text that causes it; `server` the same again on a new server, then that search; `memory` smaller
 * batches first; `engine` a count against the chunk; `input` a text set that is absent or damaged; `disk` free space.
 */
export type FailureClass = 'aborted' | 'busy' | 'lane' | 'text' | 'server' | 'memory' | 'engine' | 'input' | 'disk'

const BY_CODE: Readonly<Record<string, FailureClass>> = {
  'SB-CORE-004': 'aborted',
  'SB-HTTP-001': 'busy',
  'SB-HTTP-002': 'busy',
  'SB-HTTP-007': 'busy',
  // The client has looked for a text to blame before it says so: the server refuses everything.
  'SB-HTTP-003': 'lane',
  'SB-HTTP-004': 'engine',
  'SB-HTTP-005': 'lane',
  'SB-HTTP-006': 'lane',
  'SB-MODEL-001': 'lane',
  'SB-MODEL-002': 'lane',
  'SB-MODEL-003': 'lane',
  'SB-MODEL-004': 'lane',
  'SB-MODEL-009': 'lane',
  'SB-WORK-002': 'engine',
  'SB-WORK-021': 'lane',
  'SB-WORK-022': 'lane',
  'SB-WORK-023': 'lane',
  'SB-WORK-024': 'lane',
  'SB-WORK-031': 'lane',
  'SB-WORK-032': 'lane',
  'SB-ART-001': 'input',
  'SB-ART-002': 'input',
  'SB-ART-004': 'disk',
  'SB-ART-006': 'disk',
}
export function failureClass(error: SweepError): FailureClass {
  // Nobody here sent this SIGKILL: on Linux that is how the kernel takes memory back. SIGABRT is how V8 and the runtime's C++
  // end when an allocation fails.
  if (error.code === 'SB-MODEL-008')
    return error.details.signal === 'SIGKILL' || error.details.signal === 'SIGABRT' ? 'memory' : 'text'
  // A server of ours that died: of want of memory, or of something else.
  if (error.code === 'SB-WORK-020') return error.details.trouble === 'memory' ? 'memory' : 'server'
  return BY_CODE[error.code] ?? 'text'
}
