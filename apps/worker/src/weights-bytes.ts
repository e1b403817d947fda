import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Load } from '@sweepboard/contracts'

/** Bytes of a load's ONNX file and its external data; null where it has no file here. */
export function weightsBytesOf({ open: { folder, file } }: Load): number | null {
  if (folder === null || file === null) return null
  const found = [file, `${file}_data`, `${file}.data`].map((name) => join(folder, name)).filter((path) => existsSync(path))
  return found.length === 0 ? null : found.reduce((sum, path) => sum + statSync(path).size, 0)
}
