import { attachedJson, showInvisible } from './escape-html.ts'
import type { SweepReport } from './report.ts'
import { sizeOf } from './report-findings.ts'
import { cutOffTables, deltaTable, type ReportTable, resourceTableOf, scoreTable } from './report-tables.ts'

/** A report as one Markdown file; names from outside cannot become markup. The JSON stands at the end. */
export function reportMarkdown(report: SweepReport): string {
  const { sweep, findings, failures } = report
  const against = deltaTable(report)
  const parts = [
    `# ${text(sweep.name)}`,
    `${sweep.cells.scored} of ${sweep.cells.total} cells scored, ${sweep.cells.failed} failed; sweep \`${sweep.id}\`, ${sweep.createdAt}${sweep.isLimited ? '. **Limited data: these are no benchmark scores.**' : ''}`,
    '## Findings',
    findings.length === 0 ? 'No score yet.' : findings.map((finding) => `- ${text(finding)}`).join('\n'),
    table(scoreTable(report)),
    ...(against === null ? [] : [table(against)]),
    table(resourceTableOf(report)),
    table(sizeTable(report)),
    ...cutOffTables(report).map(table),
    ...(failures.length === 0 ? [] : [table(failureTable(report))]),
    `<details><summary>JSON</summary>\n\n\`\`\`json\n${attachedJson(report)}\n\`\`\`\n\n</details>`,
  ]
  return `${parts.join('\n\n')}\n`
}

/** The size-against-score plot as numbers: Markdown has no drawing that shows everywhere. */
function sizeTable({ systems }: SweepReport): ReportTable {
  const sized = systems.filter((one) => sizeOf(one) !== null && one.mean !== null)
  const rows = sized.map((one) => [one.name, ((sizeOf(one) as number) / 1e6).toFixed(1), (one.mean as number).toFixed(4)])
  const note = 'Millions of parameters; bytes of the weights over four where nobody says.'
  return { title: 'Size against score', note, head: ['system', 'size M', 'Mean (Task)'], rows }
}

export function failureTable({ failures }: SweepReport): ReportTable {
  const rows = failures.map(({ name, task, code, message }) => [name, task, code, message])
  return { title: 'Failed cells', note: '', head: ['system', 'task', 'code', 'why'], rows }
}

function table({ title, note, head, rows }: ReportTable): string {
  const line = (cells: readonly string[]) => `| ${cells.map(text).join(' | ')} |`
  const grid = [line(head), line(head.map((_, i) => (i === 0 ? '---' : '---:'))), ...rows.map(line)].join('\n')
  return [`## ${text(title)}`, ...(note ? [text(note)] : []), rows.length === 0 ? 'Nothing to show.' : grid].join('\n\n')
}

/** Text with whatever Markdown or HTML could read as markup taken apart; one line. */
function text(value: string): string {
  if (/^-+:?$/.test(value)) return value
  return showInvisible(value.replace(/\s+/g, ' '))
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replace(/[\\|*_`[\]#!]/g, '\\$&')
}
