import { createReadStream } from 'node:fs'
import { open, stat } from 'node:fs/promises'
import { PassThrough, pipeline, type Readable, type Transform } from 'node:stream'
import { createGunzip, createZstdDecompress } from 'node:zlib'

const BLOCK_BYTES = 1 << 20
/** Read at the start of each frame of a `.zst` file: small, for a file may have thousands of frames. */
const FRAME_READ_BYTES = 1 << 16

/**
 * The bytes of a file, block by block, `.gz` and `.zst` unpacked. A block is valid until the next one is asked for. Throws
 * what the file system or zlib throws; their errors carry `syscall`, or a `code` that starts with `Z_` or `ERR_`.
 */
export async function* fileBlocks(file: string): AsyncGenerator<Buffer> {
  if (file.endsWith('.zst')) return yield* zstdFrames(file)
  if (file.endsWith('.gz')) return yield* unpacked(createReadStream(file, { highWaterMark: BLOCK_BYTES }), createGunzip())
  const handle = await open(file, 'r')
  try {
    const block = Buffer.allocUnsafe(BLOCK_BYTES)
    for (;;) {
      const { bytesRead } = await handle.read(block, 0, BLOCK_BYTES, null)
      if (bytesRead === 0) return
      yield block.subarray(0, bytesRead)
    }
  } finally {
    await handle.close()
  }
}

/**
 * A `.zst` file is one frame or several, one behind the other (pzstd, `cat a.zst b.zst`). Node's decompressor ends with the first
 * and drops the rest without a word; how much it took says where the next one begins.
 */
async function* zstdFrames(file: string): AsyncGenerator<Buffer> {
  const { size } = await stat(file)
  let start = 0
  do {
    const unpack = createZstdDecompress()
    yield* unpacked(createReadStream(file, { highWaterMark: FRAME_READ_BYTES, start }), unpack)
    if (unpack.bytesWritten === 0) return
    start += unpack.bytesWritten
  } while (start < size)
}

async function* unpacked(packed: Readable, unpack: Transform): AsyncGenerator<Buffer> {
  const out = pipeline(packed, unpack, new PassThrough(), () => undefined)
  for await (const block of out) yield block as Buffer
}

/** Whether an error says that packed bytes are damaged or end too early. */
export function isDamaged(thrown: unknown): boolean {
  const { code, syscall } = thrown as NodeJS.ErrnoException
  return syscall === undefined && typeof code === 'string' && /^(Z_|ZSTD_|ERR_ZSTD|ERR_ZLIB)/.test(code)
}
