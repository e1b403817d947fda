// Entry of `npm run check`: exit code 0 when formatting, lint and types are in order.
import { runChecks } from './checks.ts'

const failed = (await runChecks()).filter(({ passed }) => !passed)
for (const { name } of failed) console.error(`failed: ${name}`)
process.exitCode = failed.length > 0 ? 1 : 0
