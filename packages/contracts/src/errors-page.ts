import { type ErrorEntry, EXIT_CODE, HTTP_STATUS } from './error.ts'
import { ERRORS } from './error-registry.ts'

/** Text of `docs/errors.md`, made from the registry: code, kind, words with `<field>` for what varies, remedy. */
export function errorsPage(): string {
  const shown = new Proxy({}, { get: (_, field) => `<${String(field)}>` })
  const cell = (text: string) => text.replaceAll('|', '\\|')
  const rows = Object.entries<ErrorEntry>(ERRORS).map(
    ([code, { kind, says, fix }]) => `| ${code} | ${kind} | ${cell(says(shown))} | ${cell(fix)} |`,
  )
  const kinds = Object.entries(EXIT_CODE).map(
    ([kind, exit]) => `| ${kind} | ${exit} | ${HTTP_STATUS[kind as keyof typeof HTTP_STATUS]} |`,
  )
  return [
    '<!-- Made by packages/contracts/make-errors-page.ts; a test compares it with the registry. -->',
    '# Error codes',
    '',
    '`sweepboard explain CODE` prints one of these. The kind decides the exit code and the HTTP status (a wrong token is 401, a body that is no JSON 400, one too long 413, a method that a path does not take 405).',
    '',
    '| kind | exit | HTTP |',
    '|---|---|---|',
    ...kinds,
    '',
    '| code | kind | says | what to do |',
    '|---|---|---|---|',
    ...rows,
    '',
  ].join('\n')
}
