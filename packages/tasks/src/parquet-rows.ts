import { stat } from 'node:fs/promises'
import { brotliDecompressSync, gunzipSync, zstdDecompressSync } from 'node:zlib'
import { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects } from 'hyparquet'
import type { RowSink } from './json-rows.ts'
import { noteUnreadable } from './line-reader.ts'
import { unpackLz4Block } from './lz4-block.ts'

/** Node's own decompressors, and LZ4 as it is written today; the library brings Snappy. The framed LZ4 of old Hadoop is refused. */
const COMPRESSORS = {
  GZIP: (bytes: Uint8Array) => gunzipSync(bytes),
  BROTLI: (bytes: Uint8Array) => brotliDecompressSync(bytes),
  ZSTD: (bytes: Uint8Array) => zstdDecompressSync(bytes),
  LZ4_RAW: unpackLz4Block,
}

/**
 * Visits the rows of a Parquet file in their order, `line` being the row counted from 1; integers of 64 bits come as
 * bigint, lists as arrays. Memory holds one row group. A file that is no Parquet file, cut or damaged is `SB-TASK-012`.
 */
export async function readParquetRows(file: string, { mistakes, visit }: RowSink): Promise<void> {
  try {
    if ((await stat(file)).isDirectory()) return mistakes.add('SB-FILE-001', { file, message: 'it is a folder' }, { file })
  } catch (thrown) {
    return noteUnreadable(thrown, file, mistakes)
  }
  let seen = 0
  for await (const rows of rowGroups(file, (message) => mistakes.add('SB-TASK-012', { file, message }, { file }))) {
    for (const row of rows) {
      seen += 1
      visit(row, { file, line: seen })
    }
  }
}

async function* rowGroups(file: string, refuse: (message: string) => void): AsyncGenerator<readonly Record<string, unknown>[]> {
  const buffer = await asyncBufferFromFile(file)
  let rowStart = 0
  try {
    const metadata = await parquetMetadataAsync(buffer)
    for (const group of metadata.row_groups) {
      const rowEnd = rowStart + Number(group.num_rows)
      yield await parquetReadObjects({ file: buffer, metadata, rowStart, rowEnd, compressors: COMPRESSORS })
      rowStart = rowEnd
    }
  } catch (thrown) {
    const { message } = thrown as Error
    refuse(/unsupported compression codec/.test(message) ? `${message}; write it with another, e.g. snappy or zstd` : message)
  }
}
