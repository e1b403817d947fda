import { existsSync, readFileSync } from 'node:fs'
import { expect } from 'vitest'

const ROOT = new URL('../../../../shared/golden/evaluators/', import.meta.url)
export const goldenIsThere = existsSync(ROOT)

/** JSON where NaN and infinities are strings, as golden/evaluators writes it. */
export function readGolden<T>(path: string): T {
  return JSON.parse(readFileSync(new URL(path, ROOT), 'utf8')) as T
}

/** A list of numbers that stands in the JSON, or in a float64 file beside it. */
export type StoredList = readonly (number | string)[] | { readonly file: string }

export function listOf(folder: string, stored: StoredList): Float64Array {
  if (!('file' in stored)) return Float64Array.from(stored, Number)
  const bytes = new Uint8Array(readFileSync(new URL(`${folder}/${stored.file}`, ROOT)))
  return new Float64Array(bytes.buffer)
}

export type Entry = Readonly<Record<string, number | string>>

/** Every key of an entry but `main_score`, NaN as null; `tolerance` 0 wants equal numbers. */
export function expectEntry(ours: Readonly<Record<string, number | null>>, wanted: Entry, tolerance = 0): void {
  const expected = Object.entries(wanted).filter(([key]) => key !== 'main_score')
  expect(Object.keys(ours)).toEqual(expected.map(([key]) => key))
  const differing = expected.filter(([key, value]) => {
    const own = ours[key] ?? Number.NaN
    const want = Number(value)
    return !Object.is(own, want) && !(Math.abs(own - want) <= tolerance)
  })
  expect(differing.map(([key, value]) => ({ key, value, ours: ours[key] }))).toEqual([])
}
