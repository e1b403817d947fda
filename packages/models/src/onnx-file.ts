import { type FileHandle, open } from 'node:fs/promises'
import { join } from 'node:path'
import { SweepError } from '@sweepboard/contracts'

/** A field's tag and length: two varints of at most ten bytes. */
const HEAD_BYTES = 20
const GRAPH_FIELD = 7

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

function readField(head: Buffer): { number: number; bytes: number } | null {
  const tag = readVarint(head, 0)
  if (tag === null || tag.value < 8) return null
  const number = Math.floor(tag.value / 8)
  switch (tag.value % 8) {
    case 0: {
      const value = readVarint(head, tag.end)
      return value && { number, bytes: value.end }
    }
    case 1:
      return { number, bytes: tag.end + 8 }
    case 2: {
      const length = readVarint(head, tag.end)
      return length && { number, bytes: length.end + length.value }
    }
    case 5:
      return { number, bytes: tag.end + 4 }
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
