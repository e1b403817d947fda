import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, rename, rm } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('.', import.meta.url))
const CACHE = fileURLToPath(new URL('../../node_modules/.cache/sweepboard-web', import.meta.url))

/** What the page takes from other packages. */
const SHARED = ['board-means', 'brief-variant', 'tell-apart'].map((file) =>
  fileURLToPath(import.meta.resolve(`@sweepboard/contracts/${file}`)),
)

/**
 * Folder of the built board. Builds with Vite into a folder named after the hash of the sources when it is not there yet:
 * beside it first and then renamed, so that a reader never sees half a board. Writes nothing to stdout, uses no network. Where this user
 * may not write beside the installed packages, it is kept in `ownFolder`.
 */
export async function buildBoard(ownFolder?: string): Promise<string> {
  const name = await hashOfSources()
  for (const folder of [CACHE, ownFolder].filter((one) => one !== undefined))
    if (existsSync(join(folder, name, 'index.html'))) return join(folder, name)
  return buildIn(CACHE, name).catch((thrown: NodeJS.ErrnoException) => {
    const isReadOnly = ['EACCES', 'EROFS', 'EPERM'].includes(thrown.code ?? '')
    if (ownFolder === undefined || !isReadOnly) throw thrown
    return buildIn(ownFolder, name)
  })
}

async function buildIn(cache: string, name: string): Promise<string> {
  const folder = join(cache, name)
  const draft = `${folder}.draft-${process.pid}-${process.hrtime.bigint()}`
  await mkdir(cache, { recursive: true })
  try {
    const { build } = await import('vite')
    await build({
      root: ROOT,
      configFile: false,
      envFile: false,
      logLevel: 'silent',
      mode: 'production',
      cacheDir: join(cache, 'vite'),
      oxc: { jsx: { runtime: 'automatic', importSource: 'react', development: false } },
      build: { outDir: draft, emptyOutDir: true, assetsInlineLimit: 0, modulePreload: { polyfill: false } },
    })
    await rename(draft, folder).catch((thrown: unknown) => {
      // Another process may have finished the same board first; its folder is as good as ours.
      if (!existsSync(join(folder, 'index.html'))) throw thrown
    })
  } finally {
    await rm(draft, { recursive: true, force: true })
  }
  return folder
}

async function hashOfSources(): Promise<string> {
  const entries = await readdir(join(ROOT, 'src'), { recursive: true, withFileTypes: true })
  const sources = entries
    .filter((entry) => entry.isFile() && !entry.name.includes('.test.'))
    .map((entry) => join(entry.parentPath, entry.name))
  const hash = createHash('sha256')
  for (const file of [...sources.sort(), join(ROOT, 'index.html'), join(ROOT, 'package.json'), join(ROOT, 'build.ts'), ...SHARED])
    hash.update(`${relative(ROOT, file)}\0`).update(await readFile(file))
  return hash.digest('hex').slice(0, 16)
}
