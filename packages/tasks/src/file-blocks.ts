import { createReadStream } from 'node:fs'
import { open } from 'node:fs/promises'
import { PassThrough, pipeline } from 'node:stream'
import { createGunzip, createZstdDecompress } from 'node:zlib'

const BLOCK_BYTES = 1 << 20

/**
 * The bytes of a file, block by block, `.gz` and `.zst` unpacked. A block is valid until the next one is asked for. Throws
 * what the file system or zlib throws; their errors carry `syscall`, or a `code` that starts with `Z_` or `ERR_`.
 */
export async function* fileBlocks(file: string): AsyncGenerator<Buffer> {
  const unpack = file.endsWith('.gz') ? createGunzip() : file.endsWith('.zst') ? createZstdDecompress() : null
  if (unpack !== null) {
    const out = pipeline(createReadStream(file, { highWaterMark: BLOCK_BYTES }), unpack, new PassThrough(), () => undefined)
    for await (const block of out) yield block as Buffer
    return
  }
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

/** Whether an error says that packed bytes are damaged or end too early. */
export function isDamaged(thrown: unknown): boolean {
  const { code, syscall } = thrown as NodeJS.ErrnoException
  return syscall === undefined && typeof code === 'string' && /^(Z_|ZSTD_|ERR_ZSTD|ERR_ZLIB)/.test(code)
}
