import { NumpyGenerator } from './numpy-generator.ts'

/** mteb's seed of every cut. */
const SEED = 42

/**
 * Places of the test part of `datasets`' `train_test_split(test_size, seed=42, stratify_by_column)`, in its order
 * (protocol 7.4): per class as many as its share, remainders drawn, the whole shuffled.
 * @param labels [rows] class of each row; classes are numbered by sorted text
 * @throws RangeError for a class with a single row, as the library does
 */
export function stratifiedCut(labels: readonly string[], testSize: number, trainSize = labels.length - testSize): number[] {
  const classes = [...new Set(labels)].sort((a, b) => (a < b ? -1 : 1))
  const rowsOf = classes.map((): number[] => [])
  const codeOf = new Map(classes.map((name, code) => [name, code]))
  for (const [row, label] of labels.entries()) rowsOf[codeOf.get(label) as number]?.push(row)
  const counts = rowsOf.map((rows) => rows.length)
  if (counts.some((count) => count < 2)) throw new RangeError('a class has only one row')
  const generator = new NumpyGenerator(SEED)
  const train = share(counts, trainSize, generator)
  const test = share(
    counts.map((count, code) => count - (train[code] as number)),
    testSize,
    generator,
  )
  const taken = { train: [] as number[], test: [] as number[] }
  for (const [code, rows] of rowsOf.entries()) {
    const order = generator.permutation(rows.length).map((place) => rows[place] as number)
    const trained = train[code] as number
    taken.train.push(...order.slice(0, trained))
    taken.test.push(...order.slice(trained, trained + (test[code] as number)))
  }
  generator.permutation(taken.train.length)
  return generator.permutation(taken.test.length).map((place) => taken.test[place] as number)
}

/** The most likely split of m draws over classes of these sizes; equal remainders are settled by draws. */
function share(counts: readonly number[], m: number, generator: NumpyGenerator): number[] {
  const total = counts.reduce((sum, count) => sum + count, 0)
  const exact = counts.map((count) => (count / total) * m)
  const shares = exact.map(Math.floor)
  let missing = Math.trunc(m - shares.reduce((sum, part) => sum + part, 0))
  const remainders = exact.map((value, code) => value - (shares[code] as number))
  for (const remainder of [...new Set(remainders)].sort((a, b) => b - a)) {
    if (missing === 0) break
    const equal = remainders.flatMap((value, code) => (value === remainder ? [code] : []))
    const chosen = generator.choice(equal, Math.min(equal.length, missing))
    for (const code of chosen) shares[code] = (shares[code] as number) + 1
    missing -= chosen.length
  }
  return shares
}
