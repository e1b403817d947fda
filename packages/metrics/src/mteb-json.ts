/**
 * What {@link formatMtebJson} writes. JavaScript's two number types stand for Python's: a `number` is a float (written `1.0`,
 * `1e-05`, `NaN`), a `bigint` an int (written `1`). A Map is an object whose keys keep their order even when they look like
 * integers.
 */
export type MtebJson =
  | null
  | boolean
  | number
  | bigint
  | string
  | readonly MtebJson[]
  | ReadonlyMap<string, MtebJson>
  | { readonly [key: string]: MtebJson }

/**
 * Writes a result file as Python's `json.dump(value, file, indent=2)`: non-ASCII escaped, floats as `repr`, non-finite numbers as
 * the bare tokens NaN, Infinity, -Infinity, no final line feed. Numbers are not rounded.
 *
 * @throws TypeError on a value that is no {@link MtebJson}, such as undefined
 */
export function formatMtebJson(value: MtebJson): string {
  return formatValue(value, '\n')
}

/** Python's `repr` of a float: the shortest digits that read back, an exponent below 1e-4 and from 1e16. */
export function formatPythonFloat(x: number): string {
  if (Number.isNaN(x)) return 'NaN'
  if (!Number.isFinite(x)) return x < 0 ? '-Infinity' : 'Infinity'
  const sign = x < 0 || Object.is(x, -0) ? '-' : ''
  const [mantissa = '', exponentText] = Math.abs(x).toExponential().split('e')
  const exponent = Number(exponentText)
  if (exponent < -4 || exponent >= 16) {
    return `${sign}${mantissa}e${exponent < 0 ? '-' : '+'}${String(Math.abs(exponent)).padStart(2, '0')}`
  }
  const digits = mantissa.replace('.', '')
  if (exponent < 0) return `${sign}0.${'0'.repeat(-exponent - 1)}${digits}`
  const whole = digits.slice(0, exponent + 1).padEnd(exponent + 1, '0')
  return `${sign}${whole}.${digits.slice(exponent + 1) || '0'}`
}

function formatValue(value: MtebJson, lineStart: string): string {
  if (value === null || typeof value === 'boolean' || typeof value === 'bigint') return String(value)
  if (typeof value === 'number') return formatPythonFloat(value)
  if (typeof value === 'string') return formatText(value)
  if (typeof value !== 'object') throw new TypeError(`a result file cannot hold a value of type ${typeof value}`)
  const inner = `${lineStart}  `
  if (isArray(value)) {
    return enclose(
      '[',
      value.map((item) => formatValue(item, inner)),
      ']',
      lineStart,
    )
  }
  const entries: Iterable<[string, MtebJson]> = value instanceof Map ? value.entries() : Object.entries(value)
  return enclose(
    '{',
    Array.from(entries, ([key, item]) => `${formatText(key)}: ${formatValue(item, inner)}`),
    '}',
    lineStart,
  )
}

function isArray(value: MtebJson): value is readonly MtebJson[] {
  return Array.isArray(value)
}

function enclose(open: string, items: readonly string[], close: string, lineStart: string): string {
  if (items.length === 0) return open + close
  const inner = `${lineStart}  `
  return `${open}${inner}${items.join(`,${inner}`)}${lineStart}${close}`
}

function formatText(text: string): string {
  return JSON.stringify(text).replace(/[\u007f-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
}
