import { parse } from 'yaml'

/** One config of a data set card: patterns of files by split; `folder` = look there by names of files, as without a card. */
export interface CardConfig {
  readonly name: string
  readonly isDefault: boolean
  readonly splits: ReadonlyMap<string, readonly string[]> | null
  readonly folder: string
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  value !== null && typeof value === 'object' && !Array.isArray(value)
const asList = (value: unknown): string[] => (Array.isArray(value) ? value : [value]).filter((one) => typeof one === 'string')

/**
 * The `configs` of a data set card (the YAML between the first two `---` of README.md), empty when it has none. `data_files`
 * may be a pattern or a list of them (split `train`), a list of `{split, path}`, or an object of split to patterns.
 * @throws Error of the YAML reader for a card that is not YAML
 */
export function readCard(readme: string): CardConfig[] {
  const front = /^\ufeff?---\r?\n(.*?)\r?\n---/s.exec(readme)?.[1]
  const card: unknown = front === undefined ? null : parse(front)
  const configs = isObject(card) && Array.isArray(card.configs) ? card.configs.filter(isObject) : []
  return configs.map((config) => ({
    name: typeof config.config_name === 'string' ? config.config_name : 'default',
    isDefault: config.default === true,
    splits: config.data_files === undefined ? null : readDataFiles(config.data_files),
    folder: typeof config.data_dir === 'string' ? config.data_dir.replace(/^\.?\/+|\/+$/g, '') : '',
  }))
}

function readDataFiles(value: unknown): Map<string, readonly string[]> {
  const splits = new Map<string, string[]>()
  const add = (split: string, paths: unknown) => splits.set(split, [...(splits.get(split) ?? []), ...asList(paths)])
  if (isObject(value)) for (const [split, paths] of Object.entries(value)) add(split, paths)
  else
    for (const one of Array.isArray(value) ? value : [value]) {
      if (isObject(one)) add(typeof one.split === 'string' ? one.split : 'train', one.path)
      else add('train', one)
    }
  return splits
}
