import { endianness } from 'node:os'
import { WrongAnswer } from './exchange.ts'

const IS_LITTLE_ENDIAN = endianness() === 'LE'

/** One vector of an answer: an array of numbers, or base64 of little-endian float32. Refused unless every member is finite. */
export function readVector(embedding: unknown, index: number): Float32Array {
  const row =
    typeof embedding === 'string' ? fromBase64(embedding, index) : Array.isArray(embedding) ? fromNumbers(embedding, index) : null
  if (row === null || row.length === 0) throw new WrongAnswer(`vector ${index} is no list of numbers`)
  for (let j = 0; j < row.length; j += 1)
    if (!Number.isFinite(row[j] as number)) throw new WrongAnswer(`vector ${index} is not finite`)
  return row
}

/** Refuses rows that differ in length, or from the dimension where it is known. */
export function checkDimension(rows: readonly Float32Array[], dim: number | null): void {
  const wanted = dim ?? rows[0]?.length
  rows.forEach((row, i) => {
    if (row.length !== wanted) throw new WrongAnswer(`vector ${i} has ${row.length} dimensions, not ${wanted}`)
  })
}

function fromNumbers(members: readonly unknown[], index: number): Float32Array {
  const row = new Float32Array(members.length)
  for (let j = 0; j < members.length; j += 1) {
    const member = members[j]
    if (typeof member !== 'number') throw new WrongAnswer(`vector ${index} is not finite: ${JSON.stringify(member)}`)
    row[j] = member
  }
  return row
}

function fromBase64(text: string, index: number): Float32Array {
  const bytes = Buffer.from(text, 'base64')
  if (bytes.length % 4 !== 0) throw new WrongAnswer(`vector ${index} is no base64 of float32`)
  const row = new Float32Array(bytes.length / 4)
  // One copy: the decoded bytes need not lie where floats may.
  if (IS_LITTLE_ENDIAN) new Uint8Array(row.buffer).set(bytes)
  else for (let j = 0; j < row.length; j += 1) row[j] = bytes.readFloatLE(4 * j)
  return row
}
