import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { removeFile, writeDurably } from './durable-file.ts'

/** The chunk a lease was computing: found at start, it says that this worker died over it. */
export interface Mark {
  readonly lease: string
  readonly ledger: string
  readonly encoding: number
  readonly n: number
}

/** Marks on disk, at most one per lease. Only the chunk in the engine is marked: its neighbours are innocent. */
export class Marks {
  readonly #folder: string

  constructor(folder: string) {
    this.#folder = folder
  }

  #path(lease: string): string {
    return join(this.#folder, `${lease}.json`)
  }

  async write(mark: Mark): Promise<void> {
    await writeDurably(this.#path(mark.lease), JSON.stringify(mark))
  }

  async remove(lease: string): Promise<void> {
    await removeFile(this.#path(lease))
  }

  async list(): Promise<Mark[]> {
    const names = (await readdir(this.#folder)).filter((name) => name.endsWith('.json'))
    return Promise.all(names.map(async (name): Promise<Mark> => JSON.parse(await readFile(join(this.#folder, name), 'utf8'))))
  }
}
