import { open, stat } from 'node:fs/promises'
import { dirname, join, normalize } from 'node:path'
import { SweepError } from '@sweepboard/contracts'
import { fieldsIn, fieldsOf, GRAPH_FIELD } from './onnx-file.ts'

/** Of a graph: its weights. */
const INITIALIZER_FIELD = 5
/** Of a tensor: where its data lies, entries of key and value. */
const EXTERNAL_FIELD = 13
/** A tensor whose data lies elsewhere is a name, axes and a few entries. */
const MOST_REFERENCE_BYTES = 64 * 1024

/** A file beside an ONNX file that holds weights of it. */
export interface ExternalFile {
  /** Relative to the folder, with `/`. */
  readonly name: string
  /** Bytes it must have at least. */
  readonly leastBytes: number
}

/** The files that the weights of an ONNX file's graph lie in beside it, whatever their names, sorted by name. */
export async function externalFiles(folder: string, file: string): Promise<ExternalFile[]> {
  const least = new Map<string, number>()
  const handle = await open(join(folder, file))
  try {
    const { size } = await handle.stat()
    for await (const graph of fieldsOf(handle, { start: 0, end: size })) {
      if (graph.number !== GRAPH_FIELD) continue
      for await (const tensor of fieldsOf(handle, graph)) {
        const length = tensor.end - tensor.start
        if (tensor.number !== INITIALIZER_FIELD || length > MOST_REFERENCE_BYTES) continue
        const bytes = Buffer.alloc(length)
        await handle.read(bytes, 0, length, tensor.start)
        const place = placeOf(bytes)
        if (place === null) continue
        const name = normalize(join(dirname(file), place.location)).replaceAll('\\', '/')
        least.set(name, Math.max(least.get(name) ?? 0, place.end))
      }
    }
  } finally {
    await handle.close()
  }
  return [...least].map(([name, leastBytes]) => ({ name, leastBytes })).sort((a, b) => (a.name < b.name ? -1 : 1))
}

/**
 * Refuses an ONNX file whose weights beside it are absent, cut, or outside its folder, before a sweep is recorded.
 * @throws SweepError `SB-MODEL-002`
 */
export async function assertExternalData(folder: string, file: string): Promise<void> {
  for (const { name, leastBytes } of await externalFiles(folder, file)) {
    const refuse = (message: string) => new SweepError('SB-MODEL-002', { file: join(folder, file), message })
    if (name.startsWith('../')) throw refuse(`its weights lie outside the folder, in ${name}`)
    const size = await stat(join(folder, name)).then(
      (found) => found.size,
      () => null,
    )
    if (size === null) throw refuse(`its weights lie in ${name}, which is absent`)
    if (size < leastBytes) throw refuse(`its weights take ${leastBytes} bytes of ${name}, which ends after ${size}`)
  }
}

function placeOf(tensor: Buffer): { location: string; end: number } | null {
  const entries = new Map(
    fieldsIn(tensor)
      .filter(({ number }) => number === EXTERNAL_FIELD)
      .map(({ bytes }) => {
        const part = (wanted: number) =>
          fieldsIn(bytes)
            .find(({ number }) => number === wanted)
            ?.bytes.toString('utf8') ?? ''
        return [part(1), part(2)] as const
      }),
  )
  const location = entries.get('location')
  if (location === undefined) return null
  return { location, end: Number(entries.get('offset') ?? 0) + Number(entries.get('length') ?? 0) }
}
