import { readLines } from './line-reader.ts'
import type { MistakeList } from './mistake-list.ts'

/** Grades by query id, then by document id, in file order. A pair named twice has its last grade at its first place. */
export type Qrels = ReadonlyMap<string, ReadonlyMap<string, number>>

const GRADE = /^[+-]?\d+(\.0*)?$/
const INT32_MIN = -(2 ** 31)
const INT32_MAX = 2 ** 31 - 1

/**
 * Reads `qrels/<split>.tsv`: query id, document id and grade, between tabs. A first line whose third field is `score` is
 * the header; it may be absent. Ids are taken as they stand, quotes and blanks included. Grades are int32 (`1.0` counts
 * as 1, as in MTEB's cast); `SB-TASK-007` for a line of another form and a grade that is NaN, fractional or too large.
 */
export async function readQrels(file: string, mistakes: MistakeList): Promise<Qrels> {
  const qrels = new Map<string, Map<string, number>>()
  await readLines(file, mistakes, (text, line) => {
    const fields = text.split('\t')
    if (line === 1 && fields[2]?.toLowerCase() === 'score') return
    if (fields.length !== 3 || fields[0] === '' || fields[1] === '')
      return mistakes.add(
        'SB-TASK-007',
        { field: 'a judgment', wanted: 'query id, document id and grade, between tabs' },
        { file, line },
      )
    const [query, document, grade] = fields as [string, string, string]
    const value = GRADE.test(grade) ? Number(grade) : Number.NaN
    if (!(value >= INT32_MIN && value <= INT32_MAX))
      return mistakes.add('SB-TASK-007', { field: `the grade "${grade.slice(0, 40)}"`, wanted: 'an integer' }, { file, line })
    const grades = qrels.get(query)
    // Adding zero turns -0, which is no integer to JSON's readers, into 0.
    if (grades) grades.set(document, value + 0)
    else qrels.set(query, new Map([[document, value + 0]]))
  })
  return qrels
}
