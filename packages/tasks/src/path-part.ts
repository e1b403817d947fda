/** Whether a name can be one part of a path and nothing else: no separator, no `.` or `..`, no control character. */
export function isPathPart(name: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
  return name !== '' && name !== '.' && name !== '..' && !/[/\\\x00-\x1f\x7f]/.test(name) && Buffer.byteLength(name) <= 200
}
