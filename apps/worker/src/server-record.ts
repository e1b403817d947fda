import { mkdir, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { removeFile, writeDurably } from './durable-file.ts'
import { bootId, ProcessFamily, type ProcessIdentity } from './process-family.ts'

/** One server this host has started and not seen end. */
export interface ServerRecord {
  /** Random name of the launch, which every process of it carries in its environment. */
  readonly mark: string
  /** Run of the machine it belongs to: after a restart its process numbers are somebody else's. */
  readonly boot: string
  /** null until the guard has said which process it is. */
  readonly leader: ProcessIdentity | null
  readonly slot: string
  readonly model: string
}

/** Records of running servers, one file each: what a start finds here is left over from a worker whose guard was killed with it. */
export class ServerRecords {
  readonly #folder: string

  constructor(folder: string) {
    this.#folder = folder
  }

  #path(mark: string): string {
    return join(this.#folder, `${mark}.json`)
  }

  async write(record: ServerRecord): Promise<void> {
    await mkdir(this.#folder, { recursive: true })
    await writeDurably(this.#path(record.mark), JSON.stringify(record))
  }

  async remove(mark: string): Promise<void> {
    await removeFile(this.#path(mark))
  }

  async list(): Promise<ServerRecord[]> {
    const names = (await readdir(this.#folder).catch(() => [])).filter((name) => name.endsWith('.json'))
    return Promise.all(
      names.map(async (name): Promise<ServerRecord> => JSON.parse(await readFile(join(this.#folder, name), 'utf8'))),
    )
  }

  /** Kills what is left of every server on record, and forgets it. Answers those of which something still ran. */
  async clear(): Promise<ServerRecord[]> {
    const found: ServerRecord[] = []
    for (const record of await this.list()) {
      const family = new ProcessFamily(record.mark, record.leader)
      if (record.boot === bootId() && family.members().length > 0) {
        found.push(record)
        if (!(await family.kill())) continue
      }
      await this.remove(record.mark)
    }
    return found
  }
}
