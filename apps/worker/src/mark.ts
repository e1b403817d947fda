import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { removeFile, writeDurably } from './durable-file.ts'

/** A chunk that a lease was computing: found at start, it says that this worker died over it. */
export interface Mark {
  readonly lease: string
  readonly ledger: string
  readonly encoding: number
  readonly n: number
}

/** A mark on disk, and how it goes. */
export interface FoundMark extends Mark {
  readonly remove: () => Promise<void>
}

/** Marks on disk, one for each chunk that an engine has in hand: its neighbours are innocent. */
export class Marks {
  readonly #folder: string

  constructor(folder: string) {
    this.#folder = folder
  }

  /** Resolves with what removes it. */
  async write(mark: Mark): Promise<() => Promise<void>> {
    const path = join(this.#folder, `${mark.lease}-${mark.encoding}-${mark.n}.json`)
    await writeDurably(path, JSON.stringify(mark))
    return () => removeFile(path)
  }

  async list(): Promise<FoundMark[]> {
    const names = (await readdir(this.#folder)).filter((name) => name.endsWith('.json'))
    return Promise.all(
      names.map(async (name): Promise<FoundMark> => {
        const path = join(this.#folder, name)
        const mark: Mark = JSON.parse(await readFile(path, 'utf8'))
        return { ...mark, remove: () => removeFile(path) }
      }),
    )
  }
}
