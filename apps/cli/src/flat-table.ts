/** Records as comma-separated values. */
export function csvTable(records: readonly (readonly string[])[]): string {
  return records.map((row) => row.map(csvField).join(',')).join('\n')
}

/** RFC 4180, and a leading apostrophe where a spreadsheet would take a hostile name for a formula. */
function csvField(text: string): string {
  const safe = /^[=+@\t\r]/.test(text) || /^-\D/.test(text) ? `'${text}` : text
  return /[",\n\r]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}

/** A head and its rows; what Markdown would take for marks is escaped. */
export function markdownTable([head = [], ...rows]: readonly (readonly string[])[]): string {
  const cell = (text: string) => text.replace(/[\\|<>*_`[\]]/g, '\\$&').replace(/\s+/g, ' ')
  return [head.map(cell), head.map(() => '---'), ...rows.map((row) => row.map(cell))]
    .map((row) => `| ${row.join(' | ')} |`)
    .join('\n')
}
