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
  const end = Math.min(4, row.length - from)
  for (let i = 0; i < end; i++) {
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
  const roundSize = ACCUMULATORS * width
  const rounds = Math.floor(vectorCount / ACCUMULATORS)
  const levels = Array.from({ length: LEVELS }, () => new Float32Array(roundSize))
  const first = levels[0] as Float32Array
  const step = 1 << LEVEL_BITS
  for (let round = 0; round < rounds; ) {
    addInto(first, row.subarray(round * roundSize, ++round * roundSize))
    if (round % step !== 0) continue
    for (let level = 1; level < LEVELS; level++) {
      const below = levels[level - 1] as Float32Array
      addInto(levels[level] as Float32Array, below)
      below.fill(0)
      if (round & ((step - 1) << (LEVEL_BITS * level))) break
    }
  }
  for (const level of levels.slice(1)) addInto(first, level)
  const lanes = first.subarray(0, width)
  for (let vector = rounds * ACCUMULATORS; vector < vectorCount; vector++) {
    addInto(lanes, row.subarray(vector * width, (vector + 1) * width))
  }
  for (let i = 1; i < ACCUMULATORS; i++) addInto(lanes, first.subarray(i * width, (i + 1) * width))
  return lanes
}

function addInto(sums: Float32Array, values: Float32Array): void {
  for (let i = 0; i < values.length; i++) sums[i] = lane(sums, i) + lane(values, i)
}

// Indices are in range by construction
function lane(values: Float32Array, index: number): number {
  return values[index] as number
}
