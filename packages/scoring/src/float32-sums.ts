/*
 * Sums of float32 values in the order of additions of the libraries mteb computes with on x86-64. The last bit decides
 * which pairs tie, and with it the fifth decimal of a Spearman correlation. A Float32Array rounds what is stored in it, and
 * the sum or product of two float32 is rounded only once that way. Source: golden/evaluators/README.md, "Float32 recipe".
 */
const { fround } = Math
const NUMPY_BLOCK = 128

/** Sum of squares of a row as `numpy.einsum('ij,ij->i')` gives it: four lanes, blocks of 16 taken from the back. */
export function einsumSquares(row: Float32Array): number {
  const lanes = new Float32Array(4)
  let at = 0
  for (; row.length - at >= 16; at += 16) {
    for (let part = 12; part >= 0; part -= 4) addSquares(lanes, row, at + part)
  }
  for (; at < row.length; at += 4) addSquares(lanes, row, at)
  return fround(fround(lane(lanes, 0) + lane(lanes, 1)) + fround(lane(lanes, 2) + lane(lanes, 3)))
}

function addSquares(lanes: Float32Array, row: Float32Array, from: number): void {
  const count = Math.min(4, row.length - from)
  for (let i = 0; i < count; i++) {
    const value = row[from + i] as number
    lanes[i] = lane(lanes, i) + fround(value * value)
  }
}

/** Sum of a row as `numpy.sum(axis=-1)` gives it in float32: pairwise, eight lanes below 128 values. */
export function numpyFloat32Sum(row: Float32Array): number {
  const size = row.length
  if (size > NUMPY_BLOCK) {
    const half = Math.floor(size / 2)
    const first = half - (half % 8)
    return fround(numpyFloat32Sum(row.subarray(0, first)) + numpyFloat32Sum(row.subarray(first)))
  }
  const blocked = size < 8 ? 0 : size - (size % 8)
  let sum = 0
  if (blocked > 0) {
    const lanes = row.slice(0, 8)
    for (let i = 8; i < blocked; i++) lanes[i % 8] = lane(lanes, i % 8) + lane(row, i)
    const pair = (i: number) => fround(lane(lanes, i) + lane(lanes, i + 1))
    sum = fround(fround(pair(0) + pair(2)) + fround(pair(4) + pair(6)))
  }
  for (let i = blocked; i < size; i++) sum = fround(sum + lane(row, i))
  return sum
}

/** Accumulators torch deals to in turn, levels of its cascade, and rounds before a level spills into the next. */
const ACCUMULATORS = 4
const LEVELS = 4
const LEVEL_BITS = 4

/**
 * Sum of a row as `torch.Tensor.sum(-1)` gives it in float32 (ATen SumKernel.cpp): vectors of 8 values (single values
 * for a row of fewer than 8) dealt to 4 accumulators in a cascade; left-over vectors to the first one; accumulators added to the
 * first; then what is left of the row, then the lanes in order.
 */
export function torchSum(row: Float32Array): number {
  const width = row.length < 8 ? 1 : 8
  const vectorCount = Math.floor(row.length / width)
  const lanes = cascade(row, width, vectorCount)
  let sum = 0
  for (let i = vectorCount * width; i < row.length; i++) sum = fround(sum + lane(row, i))
  for (let i = 0; i < width; i++) sum = fround(sum + lane(lanes, i))
  return sum
}

function cascade(row: Float32Array, width: number, vectorCount: number): Float32Array {
  const size = ACCUMULATORS * width
  const rounds = Math.floor(vectorCount / ACCUMULATORS)
  /** Level l is `sums[l * size]` to `sums[(l + 1) * size - 1]`. */
  const sums = new Float32Array(LEVELS * size)
  const step = 1 << LEVEL_BITS
  for (let round = 1; round <= rounds; round++) {
    addInto(sums, 0, { values: row, from: (round - 1) * size, count: size })
    if (round % step !== 0) continue
    for (let level = 1; level < LEVELS; level++) {
      addInto(sums, level * size, { values: sums, from: (level - 1) * size, count: size })
      sums.fill(0, (level - 1) * size, level * size)
      if (round & ((step - 1) << (LEVEL_BITS * level))) break
    }
  }
  for (let level = 1; level < LEVELS; level++) addInto(sums, 0, { values: sums, from: level * size, count: size })
  const rest = rounds * ACCUMULATORS
  for (let vector = rest; vector < vectorCount; vector++) addInto(sums, 0, { values: row, from: vector * width, count: width })
  for (let i = 1; i < ACCUMULATORS; i++) addInto(sums, 0, { values: sums, from: i * width, count: width })
  return sums.subarray(0, width)
}

function addInto(sums: Float32Array, at: number, part: { values: Float32Array; from: number; count: number }): void {
  const { values, from, count } = part
  for (let i = 0; i < count; i++) sums[at + i] = lane(sums, at + i) + lane(values, from + i)
}

// Indices are in range by construction
function lane(values: Float32Array, index: number): number {
  return values[index] as number
}
