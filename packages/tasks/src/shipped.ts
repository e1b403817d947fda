import { existsSync, readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const dataFolder = () => fileURLToPath(new URL('../data/', import.meta.url))

/** Names of the tasks that come with sweepboard: the folders of `data/` that hold a corpus. */
export function listShippedTasks(): string[] {
  const folder = dataFolder()
  return readdirSync(folder)
    .filter((name) => existsSync(`${folder}${name}/corpus.jsonl`))
    .sort()
}

/** Folder of a shipped task, or null when no such task is shipped. Only listed names are ever joined to the path. */
export function shippedFolder(name: string): string | null {
  return listShippedTasks().includes(name) ? `${dataFolder()}${name}` : null
}
