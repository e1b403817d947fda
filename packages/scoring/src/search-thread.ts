import { parentPort, workerData } from 'node:worker_threads'
import { type ErrorCode, type ErrorDetails, SweepError } from '@sweepboard/contracts/error'
import type { RangeSnapshot } from './int8-range.ts'
import { type Searched, SearchPart } from './search-part.ts'
import type { PackedRows } from './top-rows.ts'
import type { VectorBlock } from './vector-blocks.ts'

export type ToThread =
  | { readonly kind: 'ranges'; readonly ranges: readonly (RangeSnapshot | null)[] }
  | { readonly kind: 'block'; readonly block: Pick<VectorBlock, 'firstRow' | 'matrix'> }
  | { readonly kind: 'finish' }

export type FromThread =
  | { readonly kind: 'done' }
  | { readonly kind: 'found'; readonly found: readonly PackedRows[] }
  | { readonly kind: 'failed'; readonly code: ErrorCode | null; readonly details: ErrorDetails; readonly error: unknown }

/** What the thread of a `SearchCompany` is started with. */
interface Started {
  readonly input: Searched
  readonly floors: Float32Array
}

/** Takes messages one after the other; says nothing more after a failure. */
function serve({ input, floors }: Started, tell: (message: FromThread, transfer?: ArrayBuffer[]) => void) {
  const opening = SearchPart.open(input, { floors })
  let last: Promise<void> = opening.then(() => undefined)
  const obey = async (message: ToThread) => {
    const part = await opening
    if (message.kind === 'ranges') {
      part.pass.representations.forEach(({ range }, i) => {
        const known = message.ranges[i]
        if (known) range?.adopt(known)
      })
    } else if (message.kind === 'block') {
      await part.take(message.block, () => undefined)
      tell({ kind: 'done' })
    } else {
      const found = part.lanes.map((lane) => lane.packed(part.pass.kernels))
      tell(
        { kind: 'found', found },
        found.flatMap(({ counts, rows, scores }) => [counts.buffer, rows.buffer, scores.buffer]),
      )
    }
  }
  return (message: ToThread) => {
    last = last.then(() => obey(message))
    last.catch((error: unknown) => {
      const coded = error instanceof SweepError ? { code: error.code, details: error.details } : { code: null, details: {} }
      tell({ kind: 'failed', ...coded, error: coded.code ? null : error })
    })
  }
}

const started: Started | undefined = workerData?.sweepboardSearch
if (started && parentPort) {
  const port = parentPort
  port.on(
    'message',
    serve(started, (message, transfer = []) => port.postMessage(message, transfer)),
  )
}
