/**
 * A pattern of a data set card as a regular expression over whole paths: `*` and `?` stay within a folder, `**` crosses
 * folders, `[...]` is a class, `{a,b}` alternatives.
 */
export function globPattern(glob: string): RegExp {
  let source = ''
  let depth = 0
  for (let at = 0; at < glob.length; at += 1) {
    const letter = glob[at] as string
    const close = letter === '[' ? glob.indexOf(']', at + 2) : -1
    if (glob.startsWith('**/', at)) {
      source += '(?:.*/)?'
      at += 2
    } else if (glob.startsWith('**', at)) {
      source += '.*'
      at += 1
    } else if (letter === '*') source += '[^/]*'
    else if (letter === '?') source += '[^/]'
    else if (close > 0) {
      source += `[${glob
        .slice(at + 1, close)
        .replace(/^!/, '^')
        .replaceAll('\\', '\\\\')}]`
      at = close
    } else if (letter === '{') {
      source += '(?:'
      depth += 1
    } else if (letter === '}' && depth > 0) {
      source += ')'
      depth -= 1
    } else source += letter === ',' && depth > 0 ? '|' : letter.replace(/[.+^$()|[\]{}\\/]/g, '\\$&')
  }
  return new RegExp(`^${source}$`, 's')
}
