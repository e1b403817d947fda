import { attachedJson, escapeHtml } from './escape-html.ts'
import type { SweepReport } from './report.ts'
import { failureTable } from './report-markdown.ts'
import { sizePlot } from './report-plot.ts'
import { REPORT_STYLE } from './report-style.ts'
import { cutOffTables, deltaTable, type ReportTable, resourceTableOf, scoreTable } from './report-tables.ts'

/**
 * A report as one HTML file that asks nothing of the network and runs no script: a content policy in its head forbids both. The JSON
 * is attached as data (`<script type="application/json" id="report">`).
 */
export function reportHtml(report: SweepReport): string {
  const { sweep, findings, failures } = report
  const against = deltaTable(report)
  const plot = sizePlot(report)
  const cut = cutOffTables(report)
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(sweep.name)} · sweepboard</title>
<style>${REPORT_STYLE}</style>
</head>
<body>
<header>
<h1>${escapeHtml(sweep.name)}</h1>
<p>${sweep.cells.scored} of ${sweep.cells.total} cells scored, ${sweep.cells.failed} failed · sweep <code>${escapeHtml(sweep.id)}</code> · ${escapeHtml(sweep.createdAt.slice(0, 16).replace('T', ' '))}</p>
${sweep.isLimited ? '<p class="warn">Limited data: these are no benchmark scores.</p>' : ''}
</header>
<main>
<section><h2>Findings</h2>${findings.length === 0 ? '<p>No score yet.</p>' : `<ul>${findings.map((one) => `<li>${escapeHtml(one)}</li>`).join('')}</ul>`}</section>
${section(scoreTable(report))}
${against === null ? '' : section(against)}
${plot === '' ? '' : `<section><h2>Size against score</h2><p class="note">Mean (Task) over parameters; bytes of the weights over four where nobody says.</p>${plot}</section>`}
${section(resourceTableOf(report))}
${cut.map(section).join('\n')}
${failures.length === 0 ? '' : section(failureTable(report))}
</main>
<script type="application/json" id="report">${attachedJson(report)}</script>
</body>
</html>
`
}

const NUMBER = /^[+−-]?\d|^·$/

function section({ title, note, head, rows }: ReportTable): string {
  const isNumeric = head.map((_, i) => i > 0 && rows.every((row) => NUMBER.test(row[i] ?? '·')))
  const cell = (name: 'td' | 'th') => (value: string, i: number) =>
    `<${name}${name === 'th' ? ' scope="col"' : ''}${isNumeric[i] ? ' class="n"' : ''}>${escapeHtml(value)}</${name}>`
  const body = rows.map((row) => `<tr>${row.map(cell('td')).join('')}</tr>`).join('\n')
  const grid = `<div class="scroll"><table><thead><tr>${head.map(cell('th')).join('')}</tr></thead><tbody>\n${body}\n</tbody></table></div>`
  return `<section><h2>${escapeHtml(title)}</h2>${note ? `<p class="note">${escapeHtml(note)}</p>` : ''}${rows.length === 0 ? '<p>Nothing to show.</p>' : grid}</section>`
}
