import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { printNote } from './output.ts'

/**
 * Folder of the built board, building it first when its sources changed; null where it is not installed or cannot be built: a sweep never
 * fails for its board. In the data folder where that of the program is not this user's to write.
 */
export async function buildWeb(dataFolder: string, note: (text: string) => void = printNote): Promise<string | null> {
  const entry = new URL('../../web/build.ts', import.meta.url)
  if (!existsSync(fileURLToPath(entry))) return null
  const { buildBoard } = (await import(entry.href)) as { buildBoard: (ownFolder: string) => Promise<string> }
  return buildBoard(join(dataFolder, 'board')).catch((thrown: unknown) => {
    note(`note: the board cannot be built, the API is served alone: ${thrown instanceof Error ? thrown.message : String(thrown)}`)
    return null
  })
}
