import { parentPort, workerData } from 'node:worker_threads'
import { type ErrorCode, type ErrorDetails, SweepError } from '@sweepboard/contracts/error'
import type { RangeSnapshot } from './int8-range.ts'
import type { Measured, MeasuringParts } from './measuring.ts'
import { type Searched, SearchPart } from './search-part.ts'
import { memoryOf, type PackedRows, type SharedFloors } from './top-rows.ts'
import type { VectorBlock } from './vector-blocks.ts'

export type ToThread =
  | Begin
  | { readonly kind: 'ranges'; readonly ranges: readonly (RangeSnapshot | null)[] }
  | { readonly kind: 'block'; readonly block: Pick<VectorBlock, 'firstRow' | 'matrix'>; readonly claim: number | null }
  | Finish

interface Begin {
  readonly kind: 'begin'
  readonly input: Searched
  readonly floors: SharedFloors
  readonly claims: Int32Array
}

/** Ends a search: the configs before `own` are told of, the others measured with what the first thread kept of them. */
interface Finish {
  readonly kind: 'finish'
  readonly own: number
  readonly theirs: readonly PackedRows[]
  readonly measuring: MeasuringParts | null
}

export type FromThread =
  | { readonly kind: 'done' }
  | { readonly kind: 'found'; readonly found: readonly PackedRows[] }
  | { readonly kind: 'measured'; readonly config: number; readonly measured: Measured }
  | { readonly kind: 'failed'; readonly code: ErrorCode | null; readonly details: ErrorDetails; readonly error: unknown }

type Tell = (message: FromThread, transfer?: ArrayBuffer[]) => void

type Ranges = readonly (RangeSnapshot | null)[]

/** A search from its beginning on. */
interface Begun {
  readonly part: SearchPart
  readonly claims: Int32Array
}

/** Takes messages one after the other, search after search; says nothing more after a failure. */
function serve(tell: Tell): (message: ToThread) => void {
  let begun: Begun | null = null
  let ranges = Promise.withResolvers<Ranges>()
  const begin = async ({ input, floors, claims }: Begin, known: Promise<Ranges>) => {
    begun = { part: await SearchPart.open(input, { floors, ranges: known }), claims }
  }
  const obey = async (message: Exclude<ToThread, Begin | { kind: 'ranges' }>) => {
    const { part, claims } = begun as Begun
    if (message.kind === 'block') {
      await part.take(message.block, () => undefined, message.claim === null ? null : { claims, at: message.claim })
      tell({ kind: 'done' })
    } else {
      await finish(part, message, tell)
      begun = null
      await part.close()
    }
  }
  let last: Promise<void> = Promise.resolve()
  return (message: ToThread) => {
    if (message.kind === 'ranges') {
      ranges.resolve(message.ranges) // out of turn: a block may wait for them
      return
    }
    if (message.kind === 'begin') {
      const own = Promise.withResolvers<Ranges>()
      ranges = own
      last = last.then(() => begin(message, own.promise))
    } else last = last.then(() => obey(message))
    last.catch((error: unknown) => {
      const coded = error instanceof SweepError ? { code: error.code, details: error.details } : { code: null, details: {} }
      tell({ kind: 'failed', ...coded, error: coded.code ? null : error })
    })
  }
}

async function finish({ lanes, pass }: SearchPart, { own, theirs, measuring }: Finish, tell: Tell): Promise<void> {
  const found = lanes.slice(0, own).map((lane) => lane.packed())
  tell({ kind: 'found', found }, memoryOf(found))
  if (measuring === null) return
  const { Measuring } = await import('./measuring.ts')
  const measure = new Measuring(measuring)
  for (const [i, packed] of theirs.entries()) {
    const lane = lanes[own + i]
    lane?.adopt(packed, pass.kernels)
    const measured = lane && measure.config((query) => lane.candidates(query))
    if (measured) tell({ kind: 'measured', config: own + i, measured }, [measured.run.buffer])
  }
  for (const lane of lanes) lane.close()
}

if (workerData?.sweepboardSearch && parentPort) {
  const port = parentPort
  port.on(
    'message',
    serve((message, transfer = []) => port.postMessage(message, transfer)),
  )
}
