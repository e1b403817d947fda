import { copyFileSync, linkSync, mkdirSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { listResultFiles } from '@sweepboard/results'

/**
 * A folder of `count` result files made of real ones: the same files again and again, each round under other model names
 * (`org/name-r2`), so that tasks, subsets and sizes are as in the public collection. Files are linked where that is possible.
 * @returns how many models there are
 */
export function makeHistory(from: string, into: string, count: number): number {
  const files = listResultFiles(from)
  const models = new Set<string>()
  for (let i = 0; i < count; i++) {
    const file = files[i % files.length] as string
    const [model = '', revision = '', name = ''] = relative(from, file).split('/')
    const round = Math.floor(i / files.length)
    const path = join(into, round === 0 ? model : `${model}-r${round}`, revision, name)
    models.add(dirname(dirname(path)))
    mkdirSync(dirname(path), { recursive: true })
    try {
      linkSync(file, path)
    } catch {
      copyFileSync(file, path) // another file system
    }
  }
  return models.size
}
