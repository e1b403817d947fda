import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { printNote } from './output.ts'

/** Folder of the built board, building it first when its sources changed; null where it is not installed or cannot be built: a sweep never fails for its board. */
export async function buildWeb(): Promise<string | null> {
  const entry = new URL('../../web/build.ts', import.meta.url)
  if (!existsSync(fileURLToPath(entry))) return null
  const { buildBoard } = (await import(entry.href)) as { buildBoard: () => Promise<string> }
  return buildBoard().catch((thrown: unknown) => {
    printNote(
      `note: the board cannot be built, the API is served alone: ${thrown instanceof Error ? thrown.message : String(thrown)}`,
    )
    return null
  })
}
