/**
 * The characters Python's `str.strip()` removes (CPython 3, `_PyUnicode_IsWhitespace`). JavaScript's `trim` differs both
 * ways: it removes U+FEFF, which Python keeps, and keeps U+001C..1F and U+0085, which Python removes.
 */
const PYTHON_SPACE = '\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000'
const LEADING = new RegExp(`^[${PYTHON_SPACE}]+`)
const SPACE = new RegExp(`[${PYTHON_SPACE}]`)

/** Python's `text.strip()`. Linear in the text, also for one made of white space alone. */
export function pythonStrip(text: string): string {
  const start = LEADING.exec(text)?.[0].length ?? 0
  let end = text.length
  while (end > start && SPACE.test(text[end - 1] as string)) end -= 1
  return text.slice(start, end)
}
