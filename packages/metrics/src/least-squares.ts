/**
 * Coefficients of the polynomial of a degree that lies nearest to points in the least-squares sense, lowest power first. Solved by
 * Householder QR, never by the normal equations: those square the condition number. x should be scaled to about [-1, 1].
 *
 * @param x [n] @param y [n]
 * @returns [degree + 1], or null where the points have too few distinct x
 */
export function fitPolynomial(x: Float64Array, y: Float64Array, degree: number): Float64Array | null {
  const width = degree + 1
  if (x.length !== y.length) throw new RangeError(`${x.length} x and ${y.length} y`)
  if (x.length < width) return null
  const columns = Array.from({ length: width }, (_, power) => x.map((value) => value ** power))
  const right = y.slice()
  const scale = Math.max(...columns.map((column) => normFrom(column, 0)))
  const diagonal = new Float64Array(width)
  for (let k = 0; k < width; k++) {
    const column = columns[k] as Float64Array
    const norm = normFrom(column, k)
    if (norm <= scale * x.length * Number.EPSILON) return null
    // Away from the first entry, so that nothing cancels.
    const pivot = at(column, k) > 0 ? -norm : norm
    diagonal[k] = pivot
    column[k] = at(column, k) - pivot
    const squares = normFrom(column, k) ** 2
    for (const other of [...columns.slice(k + 1), right]) reflect(other, column, k, squares)
  }
  const solution = new Float64Array(width)
  for (let row = width - 1; row >= 0; row--) {
    let rest = at(right, row)
    for (let j = row + 1; j < width; j++) rest -= at(columns[j] as Float64Array, row) * at(solution, j)
    solution[row] = rest / at(diagonal, row)
  }
  return solution
}

/** Mirrors `values[from..]` at the plane the Householder vector `mirror[from..]` stands on. */
function reflect(values: Float64Array, mirror: Float64Array, from: number, squares: number): void {
  let product = 0
  for (let i = from; i < values.length; i++) product += at(values, i) * at(mirror, i)
  const factor = (2 * product) / squares
  for (let i = from; i < values.length; i++) values[i] = at(values, i) - factor * at(mirror, i)
}

function normFrom(values: Float64Array, from: number): number {
  let squares = 0
  for (let i = from; i < values.length; i++) squares += at(values, i) * at(values, i)
  return Math.sqrt(squares)
}

function at(values: Float64Array, index: number): number {
  return values[index] as number
}
