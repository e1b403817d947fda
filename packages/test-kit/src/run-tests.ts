// Entry of `npm test`: checks (format, lint, types), then every test, then a look for processes left behind. Further
// arguments go to vitest (`npm test -- packages/queue`). The last line on stdout is the count; a check is a test, too.
import { randomUUID } from 'node:crypto'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ROOT, runChecks, runNode } from './checks.ts'
import { installMissing } from './debian-install.ts'
import { emptyTempFolder, processesMarked, RUN_MARK } from './leaks.ts'
import { waitUntil } from './processes.ts'
import { countTests, skippedTests, summaryLine, type VitestReport } from './summary.ts'

const ENDING_MS = 5000

await installMissing(process.env, (line) => console.error(line))
const checks = await runChecks()
for (const { name, passed } of checks) console.error(`${passed ? 'passed' : 'failed'}: ${name}`)

const mark = randomUUID()
const temp = mkdtempSync(join(tmpdir(), 'sb-')) // short: sockets live below it
const folder = mkdtempSync(join(tmpdir(), 'sb-report-'))
const file = join(folder, 'report.json')
const code = await runNode(
  [
    'node_modules/vitest/vitest.mjs',
    'run',
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${file}`,
    ...process.argv.slice(2),
  ],
  { ORT_DISABLE_TELEMETRY: '1', ...process.env, [RUN_MARK]: mark, TMPDIR: temp },
)
const report = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as VitestReport) : null
rmSync(folder, { recursive: true, force: true })

const orphans = await waitUntil(() => processesMarked(RUN_MARK, mark).length === 0, { deadlineMs: ENDING_MS, everyMs: 100 }).then(
  () => [],
  () => processesMarked(RUN_MARK, mark),
)
for (const { pid, command } of orphans) {
  console.error(`failed: left running after the tests: ${pid} ${command.slice(0, 200)}`)
  process.kill(pid, 'SIGKILL')
}
for (const left of emptyTempFolder(temp)) console.error(`note: left behind in the temp folder: ${left}`)
for (const line of skippedTests(report, ROOT)) console.error(line)

const tests = countTests(report)
const failedChecks = checks.filter(({ passed }) => !passed).length
// vitest can fail without a failed test, e.g. by an error outside of all tests.
const silent = code !== 0 && tests.failed === 0 ? 1 : 0
const counts = {
  passed: tests.passed + checks.length - failedChecks,
  failed: tests.failed + failedChecks + silent + orphans.length,
  skipped: tests.skipped,
}
console.log(summaryLine(counts))
process.exitCode = code >= 128 ? code : counts.failed > 0 ? 1 : 0
