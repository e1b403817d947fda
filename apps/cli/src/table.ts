import { cutNames, leastWidth } from './cut-names.ts'
import { displayWidth } from './display-width.ts'
import { visibleLine } from './output.ts'

/** Cuts to `width` columns, the last one `…` when something was cut. */
export function fit(text: string, width: number): string {
  if (displayWidth(text) <= width) return text
  let cut = ''
  for (const char of text) {
    if (displayWidth(cut + char) > width - 1) break
    cut += char
  }
  return `${cut}…`
}

export interface Column {
  readonly title: string
  readonly align?: 'left' | 'right'
  /** Narrowest useful width; the column with the widest text gives way first. */
  readonly min?: number
  /** Its texts are names: cut in the middle, and never so short that two which differ read alike. */
  readonly isName?: boolean
  /** Left out where the table does not fit otherwise, the last such column first. */
  readonly isOptional?: boolean
}

/**
 * A plain table no wider than `width` columns where that can be: header, rows; left columns shrink to fit, then optional ones
 * go. Texts are made visible first.
 */
export function renderTable(columns: readonly Column[], rows: readonly (readonly string[])[], width: number): string {
  const cells = rows.map((row) => row.map(visibleLine))
  const widths = fitWidths(columns, cells, width)
  const optional = columns.findLastIndex((column) => column.isOptional === true)
  if (totalWidth(widths) > width && optional >= 0) {
    const rest = <T>(all: readonly T[]) => all.filter((_, i) => i !== optional)
    return renderTable(rest(columns), rows.map(rest), width)
  }
  const shown = columns.map((column, i) => {
    const texts = cells.map((row) => row[i] ?? '')
    const room = widths[i] as number
    return column.isName ? cutNames(texts, room) : texts.map((text) => fit(text, room))
  })
  const line = (texts: readonly string[]) =>
    columns
      .map((column, i) => {
        const text = texts[i] as string
        const pad = ' '.repeat(Math.max(0, (widths[i] as number) - displayWidth(text)))
        return column.align === 'right' ? pad + text : text + pad
      })
      .join('  ')
      .trimEnd()
  const head = columns.map(({ title }, i) => fit(title, widths[i] as number))
  return [line(head), ...cells.map((_, row) => line(shown.map((texts) => texts[row] as string)))].join('\n')
}

function totalWidth(widths: readonly number[]): number {
  return widths.reduce((sum, w) => sum + w, 0) + 2 * (widths.length - 1)
}

/** Widths of the columns after the left ones have given way, each at most to its least. */
function fitWidths(columns: readonly Column[], cells: readonly (readonly string[])[], width: number): number[] {
  const widths = columns.map((column, i) =>
    Math.max(displayWidth(column.title), ...cells.map((row) => displayWidth(row[i] ?? ''))),
  )
  if (totalWidth(widths) <= width) return widths
  const least = columns.map((column, i) => {
    const min = column.min ?? Math.max(displayWidth(column.title), 6)
    return column.isName
      ? leastWidth(
          cells.map((row) => row[i] ?? ''),
          min,
        )
      : min
  })
  while (totalWidth(widths) > width) {
    const candidates = columns
      .map((_, i) => ({ i, spare: (widths[i] as number) - (least[i] as number) }))
      .filter((c) => columns[c.i]?.align !== 'right' && c.spare > 0)
    const widest = candidates.sort((a, b) => b.spare - a.spare)[0]
    if (!widest) break
    widths[widest.i] = (widths[widest.i] as number) - 1
  }
  return widths
}

export function terminalWidth(): number {
  return process.stdout.columns ?? Number(process.env.COLUMNS ?? 100)
}
