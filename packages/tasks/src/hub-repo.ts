import { readFile } from 'node:fs/promises'
import { SweepError } from '@sweepboard/contracts'
import { type CardConfig, readCard } from './data-card.ts'
import { configFiles, isShardMissing } from './data-files.ts'
import { hubFile } from './hub-download.ts'
import type { HubSettings } from './hub-settings.ts'
import { type HubFile, type HubTree, listTree, notCached } from './hub-tree.ts'
import { fileTable, type Table, tableFormat } from './table.ts'

/** What a refusal needs to say for whom a repository is read. */
interface HubReader {
  readonly settings: HubSettings
  readonly task: string
  /** Told when the cache is read in the hub's place. */
  readonly onNote?: ((note: string) => void) | undefined
}

const NO_CARD: CardConfig = { name: 'default', isDefault: true, splits: null, folder: '' }

/** A dataset repository at a commit, seen as its card describes it: configs, their splits, and tables of rows. */
export class HubRepo {
  readonly #reader: HubReader
  readonly #tree: HubTree
  readonly #configs: readonly CardConfig[]

  private constructor(reader: HubReader, tree: HubTree, configs: readonly CardConfig[]) {
    this.#reader = reader
    this.#tree = tree
    this.#configs = configs
  }

  /**
   * Lists a repository and reads its card.
   * @throws SweepError `SB-TASK-013` to `SB-TASK-016` as `listTree` and `hubFile`; `SB-TASK-017` for a card that is no YAML
   */
  static async open(reader: HubReader, repo: string, revision: string): Promise<HubRepo> {
    const tree = await listTree(reader.settings, repo, revision)
    if (tree.unreached) reader.onNote?.(readFromCache(tree, revision, tree.unreached.reason))
    const readme = tree.files.find(({ path }) => path === 'README.md')
    if (readme === undefined) return new HubRepo(reader, tree, [NO_CARD])
    const text = await readFile(await hubFile(reader.settings, tree, readme), 'utf8')
    try {
      const configs = readCard(text)
      return new HubRepo(reader, tree, configs.length > 0 ? configs : [NO_CARD])
    } catch (cause) {
      const details = { repo, task: reader.task, message: `its card is no YAML: ${(cause as Error).message.split('\n')[0]}` }
      throw new SweepError('SB-TASK-017', details, { cause })
    }
  }

  hasConfig(name: string): boolean {
    return this.#configs.some((config) => config.name === name)
  }

  /** The config a repository is loaded by when none is named: marked as such, named `default`, or the only one. */
  defaultConfig(): string {
    const marked = this.#configs.find(({ isDefault, name }) => isDefault || name === 'default')
    const only = this.#configs.length === 1 ? this.#configs[0] : undefined
    const found = marked ?? only
    return found ? found.name : this.refuse('none of its configs is the default')
  }

  /** The rows of one split of a config, fetched when they are read. */
  table(config: string, split: string): Table {
    const files = this.#splits(config).get(split)
    return this.#fetched(files ?? this.refuse(`config "${config}" has no split "${split}"`))
  }

  /** As `table`; a config of another, single split is taken by it, as MTEB's retrieval loader does. */
  tableOfOnlySplit(config: string, split: string): Table {
    const splits = this.#splits(config)
    const files = splits.get(split) ?? (splits.size === 1 ? [...splits.values()][0] : undefined)
    return this.#fetched(files ?? this.refuse(`config "${config}" has no split "${split}"`))
  }

  /** The rows of the files below a folder that belong to a split by their names. */
  folderTable(folder: string, split: string): Table {
    const config: CardConfig = { name: folder, isDefault: false, splits: null, folder }
    const files = configFiles(config, this.#paths()).get(split)
    return this.#fetched(files ?? this.refuse(`folder "${folder}" has no split "${split}"`))
  }

  /** @throws SweepError `SB-TASK-017`, always */
  refuse(message: string): never {
    throw new SweepError('SB-TASK-017', { repo: this.#tree.repo, task: this.#reader.task, message })
  }

  #paths(): string[] {
    return this.#tree.files.map(({ path }) => path)
  }

  #splits(name: string): Map<string, string[]> {
    const config = this.#configs.find((one) => one.name === name)
    return configFiles(config ?? this.refuse(`it has no config "${name}"`), this.#paths())
  }

  #fetched(paths: readonly string[]): Table {
    const { settings } = this.#reader
    const strange = paths.find((path) => tableFormat(path) === null)
    if (strange !== undefined) this.refuse(`${strange} has a format that is not read`)
    if ((settings.offline || this.#tree.unreached) && isShardMissing(paths))
      throw notCached(settings, this.#tree, `a part of ${paths[0]}`)
    const files = paths.map((path) => this.#tree.files.find((file) => file.path === path) as HubFile)
    return {
      name: paths[0] ?? '',
      read: async (mistakes, visit) => {
        for (const file of files) {
          const local = await hubFile(settings, this.#tree, file)
          await fileTable([local]).read(mistakes, visit)
        }
      },
    }
  }
}

function readFromCache({ repo, commit }: HubTree, revision: string, reason: string): string {
  const at = commit === revision ? commit : `${revision}, there ${commit}`
  return `the hub could not be reached (${reason}): ${repo} is read from the cache, revision ${at}`
}
