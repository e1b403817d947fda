import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** Folder of the built board, building it first when its sources changed; null where the board is not installed. */
export async function buildWeb(): Promise<string | null> {
  const entry = new URL('../../web/build.ts', import.meta.url)
  if (!existsSync(fileURLToPath(entry))) return null
  const { buildBoard } = (await import(entry.href)) as { buildBoard: () => Promise<string> }
  return buildBoard()
}
