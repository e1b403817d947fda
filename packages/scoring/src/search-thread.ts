import { parentPort, workerData } from 'node:worker_threads'
import { type ErrorCode, type ErrorDetails, SweepError } from '@sweepboard/contracts/error'
import type { RangeSnapshot } from './int8-range.ts'
import type { Measured, MeasuringParts } from './measuring.ts'
import { type Searched, SearchPart } from './search-part.ts'
import { type PackedRows, packed, type SharedFloors } from './top-lists.ts'
import type { VectorBlock } from './vector-blocks.ts'

export type ToThread =
  | Begin
  | { readonly kind: 'ranges'; readonly ranges: Ranges }
  | { readonly kind: 'block'; readonly block: Pick<VectorBlock, 'firstRow' | 'matrix'> }
  | Finish

interface Begin {
  readonly kind: 'begin'
  readonly input: Searched
  readonly floors: SharedFloors
}

/** The int8 ranges, by config. */
type Ranges = readonly (RangeSnapshot | null)[]

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

const nothing = () => undefined

/** A search from its beginning on: blocks that come before the int8 ranges are known wait for them, once all else is done of them. */
class Begun {
  private readonly part: SearchPart
  private readonly tell: Tell
  /** Null once the ranges are known. */
  private waiting: Pick<VectorBlock, 'firstRow' | 'matrix'>[] | null = []

  constructor(part: SearchPart, tell: Tell) {
    this.part = part
    this.tell = tell
  }

  async obey(message: Exclude<ToThread, Begin>): Promise<void> {
    if (message.kind === 'finish') {
      await finish(this.part, message, this.tell)
      await this.part.close()
    } else if (message.kind === 'ranges') {
      this.part.adoptRanges(message.ranges)
      const waiting = this.waiting ?? []
      this.waiting = null
      for (const block of waiting) await this.take(block, 'codes')
    } else if (this.waiting) {
      await this.part.take(message.block, nothing, 'others')
      this.waiting.push(message.block)
    } else await this.take(message.block, 'all')
  }

  private async take(block: Pick<VectorBlock, 'firstRow' | 'matrix'>, part: 'all' | 'codes'): Promise<void> {
    await this.part.take(block, nothing, part)
    this.tell({ kind: 'done' })
  }
}

/** Takes messages one after the other, search after search; says nothing more after a failure. */
function serve(tell: Tell): (message: ToThread) => void {
  let begun: Promise<Begun> | null = null
  let last: Promise<unknown> = Promise.resolve()
  const obey = async (message: ToThread) => {
    if (message.kind === 'begin') begun = SearchPart.open(message.input, message).then((part) => new Begun(part, tell))
    else await (await begun)?.obey(message)
  }
  return (message: ToThread) => {
    last = last.then(() => obey(message))
    last.catch((error: unknown) => {
      const coded = error instanceof SweepError ? { code: error.code, details: error.details } : { code: null, details: {} }
      tell({ kind: 'failed', ...coded, error: coded.code ? null : error })
    })
  }
}

async function finish({ lanes }: SearchPart, { own, theirs, measuring }: Finish, tell: Tell): Promise<void> {
  tell({ kind: 'found', found: packed(lanes.slice(0, own).map(({ top }) => top)) })
  if (measuring === null) return
  const { Measuring } = await import('./measuring.ts')
  const measure = new Measuring(measuring)
  for (const [i, rows] of theirs.entries()) {
    const lane = lanes[own + i]
    lane?.top.adopt(rows)
    const measured = lane && measure.config((query) => lane.candidates(query))
    if (measured) tell({ kind: 'measured', config: own + i, measured }, [measured.run.buffer])
  }
}

if (workerData?.sweepboardSearch && parentPort) {
  const port = parentPort
  port.on(
    'message',
    serve((message, transfer = []) => port.postMessage(message, transfer)),
  )
}
