import { type Dirent, existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** A folder of an embedding model on this machine. */
export interface ModelFolder {
  readonly path: string
  /** Hub id, where the cache's folder spells it; else null. */
  readonly hubId: string | null
  /** Has an ONNX file, so that it runs without a server. */
  readonly hasOnnx: boolean
}

/** Model folders right below `root`, or two deep (`org/name`); those that are no embedding models are left out. */
export function modelsBelow(root: string): ModelFolder[] {
  const found: ModelFolder[] = []
  for (const first of foldersOf(root)) {
    const candidates = [first, ...foldersOf(first)]
    found.push(...candidates.filter(isEmbedder).map((path) => ({ path, hubId: null, hasOnnx: hasOnnx(path) })))
  }
  return found
}

/** Embedding models of a Hugging Face cache, each in the revision its `main` points at. */
export function modelsInCache(cache: string): ModelFolder[] {
  return foldersOf(cache).flatMap((folder) => {
    const [, org, name] = /models--([^/]+?)--([^/]+)$/.exec(folder) ?? []
    if (org === undefined || name === undefined) return []
    const revision = readText(join(folder, 'refs', 'main'))?.trim()
    const path = revision === undefined ? undefined : join(folder, 'snapshots', revision)
    if (path === undefined || !isEmbedder(path)) return []
    return [{ path, hubId: `${org}/${name}`, hasOnnx: hasOnnx(path) }]
  })
}

/** sentence-transformers' own mark, or an ONNX model beside a tokenizer. */
function isEmbedder(path: string): boolean {
  if (!existsSync(join(path, 'config.json'))) return false
  return existsSync(join(path, 'modules.json')) || (hasOnnx(path) && existsSync(join(path, 'tokenizer.json')))
}

function hasOnnx(path: string): boolean {
  return [path, join(path, 'onnx')].some((folder) => entriesOf(folder).some(({ name }) => name.endsWith('.onnx')))
}

function foldersOf(path: string): string[] {
  const isFolder = (entry: Dirent) => entry.isDirectory() || entry.isSymbolicLink()
  return entriesOf(path)
    .filter((entry) => isFolder(entry) && !entry.name.startsWith('.'))
    .map(({ name }) => join(path, name))
    .sort()
}

function entriesOf(path: string): Dirent[] {
  try {
    return readdirSync(path, { withFileTypes: true })
  } catch {
    return [] // not there, no folder, or not for us
  }
}

function readText(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
}
