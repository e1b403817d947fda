import { type FileHandle, open } from 'node:fs/promises'
import { join } from 'node:path'
import { SweepError } from '@sweepboard/contracts'
import type { GraphOutput } from './onnx-outputs.ts'

/** A field's tag and length: two varints of at most ten bytes. */
const HEAD_BYTES = 20
/** Of a model. */
export const GRAPH_FIELD = 7
/** Of a graph. */
const OUTPUT_FIELD = 12
/** Tag of an axis of a fixed length: field 1, a varint. */
const FIXED_AXIS = 8
/** Operators lie close together: many are passed over with one read. */
const WINDOW_BYTES = 64 * 1024

/**
 * Walks the outermost fields of an ONNX file (a protobuf `ModelProto`) by seeking, so that a cut or foreign file is refused
 * before a sweep is recorded; a few reads whatever the size. What the graph holds is onnxruntime's to judge.
 * @throws SweepError `SB-MODEL-002`
 */
export async function assertWholeOnnx(folder: string, file: string): Promise<void> {
  const handle = await open(join(folder, file))
  try {
    const { size } = await handle.stat()
    const wrong = await findFault(handle, size)
    if (wrong) throw new SweepError('SB-MODEL-002', { file: join(folder, file), message: wrong })
  } finally {
    await handle.close()
  }
}

/** What the graph of an ONNX file that is whole declares as its outputs; its weights and operators are passed over by seeking. */
export async function readOnnxOutputs(folder: string, file: string): Promise<GraphOutput[]> {
  const handle = await open(join(folder, file))
  try {
    const { size } = await handle.stat()
    const outputs: GraphOutput[] = []
    for await (const graph of fieldsOf(handle, { start: 0, end: size })) {
      if (graph.number !== GRAPH_FIELD) continue
      for await (const field of fieldsOf(handle, graph)) {
        if (field.number !== OUTPUT_FIELD) continue
        const bytes = Buffer.alloc(field.end - field.start)
        await handle.read(bytes, 0, bytes.length, field.start)
        outputs.push(outputOf(bytes))
      }
    }
    return outputs
  } finally {
    await handle.close()
  }
}

interface Span {
  readonly start: number
  readonly end: number
}

/** The length-delimited fields between two places of a file. */
export async function* fieldsOf(handle: FileHandle, { start, end }: Span): AsyncIterable<Span & { readonly number: number }> {
  const window = Buffer.alloc(WINDOW_BYTES)
  let [from, held] = [0, 0]
  for (let at = start; at < end; ) {
    if (at < from || at + HEAD_BYTES > from + held) {
      from = at
      held = (await handle.read(window, 0, WINDOW_BYTES, at)).bytesRead
    }
    const head = window.subarray(at - from, Math.min(held, at - from + HEAD_BYTES))
    const field = readField(head)
    if (field === null) return
    if (field.valueAt !== null) yield { number: field.number, start: at + field.valueAt, end: at + field.bytes }
    at += field.bytes
  }
}

/** A `ValueInfoProto`: its name, and the axes of its tensor type. */
function outputOf(bytes: Buffer): GraphOutput {
  const inner = (from: Buffer | undefined, number: number) =>
    fieldsIn(from ?? Buffer.alloc(0)).filter((one) => one.number === number)
  const shape = inner(inner(inner(bytes, 2)[0]?.bytes, 1)[0]?.bytes, 2)[0]?.bytes
  return {
    name: inner(bytes, 1)[0]?.bytes.toString('utf8') ?? '',
    axes: inner(shape, 1).map(({ bytes: axis }) => (axis[0] === FIXED_AXIS ? (readVarint(axis, 1)?.value ?? null) : null)),
  }
}

/** The length-delimited fields of a message in memory. */
export function fieldsIn(bytes: Buffer): { readonly number: number; readonly bytes: Buffer }[] {
  const found: { number: number; bytes: Buffer }[] = []
  for (let at = 0; at < bytes.length; ) {
    const field = readField(bytes.subarray(at))
    if (field === null) break
    if (field.valueAt !== null) found.push({ number: field.number, bytes: bytes.subarray(at + field.valueAt, at + field.bytes) })
    at += field.bytes
  }
  return found
}

async function findFault(handle: FileHandle, size: number): Promise<string | null> {
  let hasGraph = false
  let at = 0
  while (at < size) {
    const head = Buffer.alloc(HEAD_BYTES)
    const { bytesRead } = await handle.read(head, 0, HEAD_BYTES, at)
    const field = readField(head.subarray(0, bytesRead))
    if (field === null) return `byte ${at} begins no field: it is no ONNX file`
    if (at + field.bytes > size) return `it ends after ${size} bytes, a field at byte ${at} has ${field.bytes}`
    hasGraph ||= field.number === GRAPH_FIELD
    at += field.bytes
  }
  return hasGraph ? null : 'it holds no graph'
}

/** Number and whole length of a field; `valueAt` is where a length-delimited one's value begins, null for the others. */
function readField(head: Buffer): { number: number; bytes: number; valueAt: number | null } | null {
  const tag = readVarint(head, 0)
  if (tag === null || tag.value < 8) return null
  const number = Math.floor(tag.value / 8)
  switch (tag.value % 8) {
    case 0: {
      const value = readVarint(head, tag.end)
      return value && { number, bytes: value.end, valueAt: null }
    }
    case 1:
      return { number, bytes: tag.end + 8, valueAt: null }
    case 2: {
      const length = readVarint(head, tag.end)
      return length && { number, bytes: length.end + length.value, valueAt: length.end }
    }
    case 5:
      return { number, bytes: tag.end + 4, valueAt: null }
    default:
      return null
  }
}

function readVarint(bytes: Buffer, start: number): { value: number; end: number } | null {
  let value = 0
  for (let i = start; i < bytes.length && i < start + 10; i += 1) {
    const byte = bytes[i] as number
    value += (byte & 0x7f) * 2 ** (7 * (i - start))
    if (byte < 0x80) return { value, end: i + 1 }
  }
  return null
}
