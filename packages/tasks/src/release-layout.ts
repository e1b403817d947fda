import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { MistakeList } from './mistake-list.ts'
import type { Table, VisitRow } from './table.ts'
import { readWholeText } from './whole-text.ts'

/** Data as its makers published it, read without conversion. */
export interface Release {
  /** Splits that are there, by MTEB's names. */
  readonly splits: string[]
  readonly table: (split: string) => Table
}

/** Folders below a data root in which a task's release is looked for, beside `<Task>/`. */
export const RELEASE_FOLDERS: Readonly<Record<string, readonly string[]>> = {
  STS12: ['sts12-15/STS12'],
  STS13: ['sts12-15/STS13'],
  STS14: ['sts12-15/STS14'],
  STS15: ['sts12-15/STS15'],
  STS16: ['sts12-15/STS16'],
  STSBenchmark: ['stsbenchmark'],
  STSB: ['stsb-zh'],
  Tatoeba: ['tatoeba'],
}

/** The release a folder holds for a subset, by the names of its files; null when it holds none that is known. */
export function findRelease(folder: string, subset: string): Release | null {
  if (!existsSync(folder)) return null
  const files = readdirSync(folder)
  return semEval(folder, files) ?? delimited(folder, files) ?? lineAligned(folder, files, subset)
}

/** SemEval STS, as SentEval lays it out: `STS.input.<part>.txt` (two texts between tabs) and `STS.gs.<part>.txt` (scores). */
function semEval(folder: string, files: readonly string[]): Release | null {
  const parts = files.filter((file) => /^STS\.input\..+\.txt$/.test(file)).sort()
  if (parts.length === 0) return null
  const read = async (mistakes: MistakeList, visit: VisitRow) => {
    for (const part of parts) {
      const input = join(folder, part)
      const gold = join(folder, part.replace('STS.input.', 'STS.gs.'))
      const [texts, scores] = [await readLinesOf(input, mistakes), await readLinesOf(gold, mistakes)]
      texts.forEach((text, i) => {
        // An empty line of the scores = a pair that was not judged.
        if ((scores[i] ?? '').trim() === '') return
        const [sentence1, sentence2] = text.split('\t')
        visit({ sentence1, sentence2, score: scores[i] }, { file: input, line: i + 1 })
      })
    }
  }
  return { splits: ['test'], table: () => ({ name: folder, read }) }
}

/** Releases with one file per split and one row a line, without quoting. */
const DELIMITED = [
  { file: 'sts-', ending: '.csv', separator: '\t', columns: { score: 4, sentence1: 5, sentence2: 6 } },
  { file: 'cnsd-sts-', ending: '.txt', separator: '||', columns: { sentence1: 1, sentence2: 2, score: 3 } },
] as const
const SPLIT_FILES = { test: 'test', validation: 'dev', train: 'train' } as const

function delimited(folder: string, files: readonly string[]): Release | null {
  for (const { file, ending, separator, columns } of DELIMITED) {
    const splits = Object.entries(SPLIT_FILES).filter(([, name]) => files.includes(`${file}${name}${ending}`))
    if (splits.length === 0) continue
    const table = (split: string): Table => {
      const path = join(folder, `${file}${SPLIT_FILES[split as keyof typeof SPLIT_FILES]}${ending}`)
      const read = async (mistakes: MistakeList, visit: VisitRow) => {
        for (const [i, text] of (await readLinesOf(path, mistakes)).entries()) {
          if (text === '') continue
          const fields = text.split(separator)
          visit(Object.fromEntries(Object.entries(columns).map(([key, at]) => [key, fields[at]])), { file: path, line: i + 1 })
        }
      }
      return { name: path, read }
    }
    return { splits: splits.map(([split]) => split), table }
  }
  return null
}

/**
 * Tatoeba as in LASER: `tatoeba.<a>-<b>.<a>` and `.<b>`, one sentence a line. MTEB's sentences keep the final newline of
 * their line: without it the published numbers are not met.
 */
function lineAligned(folder: string, files: readonly string[], subset: string): Release | null {
  const [a, b] = subset.split('-')
  const names = [`tatoeba.${subset}.${a}`, `tatoeba.${subset}.${b}`] as const
  if (!names.every((name) => files.includes(name))) return null
  const read = async (mistakes: MistakeList, visit: VisitRow) => {
    const [first, second] = [join(folder, names[0]), join(folder, names[1])]
    const firsts = await readLinesOf(first, mistakes)
    const seconds = await readLinesOf(second, mistakes)
    const count = Math.max(firsts.length, seconds.length)
    for (let i = 0; i < count; i += 1) {
      if (i === count - 1 && firsts[i] === '' && seconds[i] === '') return
      const keepEnd = (lines: readonly string[]) =>
        lines[i] === undefined ? undefined : `${lines[i]}${i < lines.length - 1 ? '\n' : ''}`
      visit({ sentence1: keepEnd(firsts), sentence2: keepEnd(seconds) }, { file: first, line: i + 1 })
    }
  }
  return { splits: ['test'], table: () => ({ name: join(folder, names[0]), read }) }
}

/** Lines ended by LF alone: other line ends of Unicode are part of a text. */
async function readLinesOf(file: string, mistakes: MistakeList): Promise<string[]> {
  return (await readWholeText(file, mistakes))?.split('\n') ?? []
}
