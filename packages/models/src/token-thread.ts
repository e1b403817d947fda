import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
import type { SideRecipe } from '@sweepboard/contracts'
import { textRenderer } from './template.ts'
import { openTextTokenizer, type TextTokenizer, type TokenizedText } from './text-tokenizer.ts'

/** Where the thread finds its tokenizer. */
interface TokenizerPlace {
  readonly folder: string
  readonly model: string
}
interface Order {
  readonly side: SideRecipe
  readonly texts: readonly string[]
}
/** Tokens of texts in one piece, so that they cross the threads without a copy. */
interface PackedTexts {
  readonly ids: Int32Array<ArrayBuffer>
  /** `[texts + 1]`: the ids of text i stand from `starts[i]` to `starts[i + 1]`. */
  readonly starts: Uint32Array<ArrayBuffer>
  readonly truncated: Uint8Array<ArrayBuffer>
  readonly controls: Uint32Array<ArrayBuffer>
}

/**
 * Tokenises the texts expected next while the engine computes (a run of onnxruntime-node blocks its own thread). The thread
 * is started by the first call of `prepare` and has a tokenizer of its own, made of the same files: what it gives is what
 * reading here gives. Whatever goes wrong in it, the texts are read here.
 */
export class TokenThread {
  private readonly place: TokenizerPlace
  private worker: Worker | null = null
  private lastId = 0
  private pending: (Order & { readonly packed: Promise<PackedTexts | null> }) | null = null

  constructor(place: TokenizerPlace) {
    this.place = place
  }

  /** Begins with the texts of a side; what was prepared before and not taken is dropped. */
  prepare(side: SideRecipe, texts: readonly string[]): void {
    const worker = this.started()
    const id = ++this.lastId
    const packed = new Promise<PackedTexts | null>((resolve) => {
      const end = (told: PackedTexts | null) => {
        worker.off('message', hear).off('error', fail).off('exit', fail)
        resolve(told)
      }
      const hear = (told: { id: number; packed: PackedTexts }) => {
        if (told.id === id) end(told.packed)
      }
      const fail = () => end(null)
      worker.on('message', hear).once('error', fail).once('exit', fail)
    })
    this.pending = { side, texts, packed }
    worker.postMessage({ id, side, texts })
  }

  /** The tokens of exactly these texts, if they were prepared; null when they must be read here. */
  async take(side: SideRecipe, texts: readonly string[]): Promise<readonly TokenizedText[] | null> {
    const prepared = this.pending
    if (prepared === null || !isSame(prepared, { side, texts })) return null
    this.pending = null
    this.worker?.ref() // else a process with nothing but this to wait for would end
    const packed = await prepared.packed
    this.worker?.unref()
    return packed && unpack(packed)
  }

  async close(): Promise<void> {
    await this.worker?.terminate()
  }

  private started(): Worker {
    if (this.worker !== null) return this.worker
    const worker = new Worker(new URL(import.meta.url), { workerData: { sweepboardTokens: this.place } })
    const forget = () => {
      if (this.worker === worker) this.worker = null
    }
    worker.on('error', forget).on('exit', forget).unref()
    this.worker = worker
    return worker
  }
}

function isSame(a: Order, b: Order): boolean {
  if (a.texts.length !== b.texts.length || JSON.stringify(a.side) !== JSON.stringify(b.side)) return false
  return a.texts.every((text, i) => text === b.texts[i])
}

function pack(texts: readonly TokenizedText[]): PackedTexts {
  const starts = new Uint32Array(texts.length + 1)
  texts.forEach(({ ids }, i) => {
    starts[i + 1] = (starts[i] as number) + ids.length
  })
  const ids = new Int32Array(starts.at(-1) as number)
  texts.forEach((text, i) => {
    ids.set(text.ids, starts[i])
  })
  return {
    ids,
    starts,
    truncated: Uint8Array.from(texts, ({ isTruncated }) => Number(isTruncated)),
    controls: Uint32Array.from(texts, ({ controlCount }) => controlCount),
  }
}

function unpack({ ids, starts, truncated, controls }: PackedTexts): TokenizedText[] {
  return Array.from(controls, (controlCount, i) => ({
    ids: Array.from(ids.subarray(starts[i], starts[i + 1])),
    isTruncated: truncated[i] === 1,
    controlCount,
  }))
}

function serve(place: TokenizerPlace): void {
  let tokenizer: TextTokenizer | null = null
  // One order after the other, though opening is asynchronous.
  let last: Promise<void> = Promise.resolve()
  const answer = async ({ id, side, texts }: Order & { id: number }) => {
    tokenizer ??= await openTextTokenizer(place.folder, place.model)
    const render = textRenderer(side)
    const read = tokenizer.reader(side)
    const packed = pack(texts.map((text) => read(render(text))))
    const buffers = Object.values(packed).map((part: { buffer: ArrayBuffer }) => part.buffer)
    parentPort?.postMessage({ id, packed }, buffers)
  }
  parentPort?.on('message', (order: Order & { id: number }) => {
    last = last.then(() => answer(order))
  })
}

if (!isMainThread && workerData?.sweepboardTokens !== undefined) serve(workerData.sweepboardTokens)
