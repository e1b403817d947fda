import type { CardConfig } from './data-card.ts'
import { globPattern } from './glob.ts'
import { tableFormat } from './table.ts'

/** Names by which a split is known in paths, as the `datasets` library takes them where a card names no files. */
const SPLIT_WORDS = {
  train: ['train', 'training'],
  validation: ['validation', 'valid', 'dev', 'val'],
  test: ['test', 'testing', 'eval', 'evaluation'],
} as const
const SHARDED = /(?:^|\/)data\/([^/]+)-\d{5}-of-\d{5}[^/]*\.[^/]+$/

const isHidden = (path: string) => path.split('/').some((part) => part.startsWith('.') || part.startsWith('__'))

/** The files of every split of a config, sorted by path, in the card's order of splits; splits without a file are left out. */
export function configFiles(config: CardConfig, paths: readonly string[]): Map<string, string[]> {
  const visible = paths.filter((path) => !isHidden(path) && path !== 'README.md').sort()
  if (config.splits === null) return byName(config.folder, visible)
  const splits = new Map<string, string[]>()
  for (const [split, globs] of config.splits) {
    const patterns = globs.map((glob) => globPattern(`${config.folder ? `${config.folder}/` : ''}${glob.replace(/^\.\//, '')}`))
    const files = visible.filter((path) => patterns.some((pattern) => pattern.test(path)))
    if (files.length > 0) splits.set(split, files)
  }
  return splits
}

/** Splits by names: `data/<split>-00000-of-00001.*`, else a folder or file named after a split, else all is `train`. */
function byName(folder: string, paths: readonly string[]): Map<string, string[]> {
  const inside = paths.filter((path) => (folder === '' || path.startsWith(`${folder}/`)) && tableFormat(path) !== null)
  const group = (splitOf: (path: string) => string | null) => {
    const splits = new Map<string, string[]>()
    for (const path of inside) {
      const split = splitOf(folder === '' ? path : path.slice(folder.length + 1))
      if (split !== null) splits.set(split, [...(splits.get(split) ?? []), path])
    }
    return splits
  }
  const sharded = group((path) => SHARDED.exec(`/${path}`)?.[1] ?? null)
  if (sharded.size > 0) return sharded
  const named = group(wordSplit)
  return named.size > 0 ? named : group(() => 'train')
}

function wordSplit(path: string): string | null {
  for (const [split, words] of Object.entries(SPLIT_WORDS))
    if (new RegExp(`(^|[-._ 0-9/])(${words.join('|')})([-._ 0-9/]|$)`).test(path)) return split
  return null
}

/** Whether files of a numbered set (`-00000-of-00003`) are not all there. */
export function isShardMissing(files: readonly string[]): boolean {
  const counts = new Map<string, { wanted: number; found: number }>()
  for (const file of files) {
    const [, stem = '', total] = /^(.*)-\d{5}-of-(\d{5})/.exec(file) ?? []
    if (total === undefined) continue
    const key = `${stem}-${total}`
    counts.set(key, { wanted: Number(total), found: (counts.get(key)?.found ?? 0) + 1 })
  }
  return [...counts.values()].some(({ wanted, found }) => found < wanted)
}
