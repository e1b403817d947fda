import { readFileSync } from 'node:fs'
import { type Mistake, mistake, SweepError } from '@sweepboard/contracts'
import { LineCounter, type ParsedNode, parseDocument } from 'yaml'
import { z } from 'zod'
import type { LauncherSettings } from './launch-command.ts'
import { LAUNCHER_NAMES } from './launcher.ts'

/** What a command of the worker's own may hold in braces. */
export const PLACEHOLDERS = [
  'port',
  'model',
  'folder',
  'served',
  'devices',
  'revision',
  'maxTokens',
  'dtype',
  'memoryShare',
  'scratch',
] as const
export type Placeholder = (typeof PLACEHOLDERS)[number]

/** Every `{word}` of a text; other braces (JSON's) are left alone. */
export const PLACEHOLDER = /\{([A-Za-z]+)\}/g

const word = z
  .string()
  .min(1)
  .superRefine((text, context) => {
    for (const [, name] of text.matchAll(PLACEHOLDER))
      if (!(PLACEHOLDERS as readonly string[]).includes(name as string))
        context.addIssue({ code: 'custom', message: `no placeholder {${name}}; there are ${PLACEHOLDERS.join(', ')}` })
  })
const path = z.string().regex(/^\/[^\s?#]*$/, 'must be a path such as /health')
const environment = z.record(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'must be the name of a variable'), word)

const OwnCommand = z.strictObject({
  /** Program and arguments, each a word of its own; never passed through a shell. */
  command: z
    .array(word)
    .min(1)
    .refine((words) => words.some((one) => one.includes('{port}')), 'must hold {port}: the worker chooses a free one'),
  /** GET answers 200 as soon as the model is loaded. */
  ready: path,
  dialect: z.enum(['openai', 'tei', 'ollama', 'rerank-api']),
  /** Between address and route, e.g. /v1. */
  base: z
    .string()
    .regex(/^(\/[^\s?#]*[^/\s?#])?$/, 'must be empty or a path such as /v1')
    .default(''),
  env: environment.default({}),
  devices: z
    .array(z.enum(['cuda', 'cpu']))
    .min(1)
    .default(['cuda', 'cpu']),
  memoryShare: z.number().gt(0).max(1).optional(),
  /** Where a version is told: a path, and the member of its JSON answer. */
  version: z.strictObject({ path, member: z.string().min(1) }).optional(),
})
export type OwnCommand = z.infer<typeof OwnCommand>

const Settings = z.strictObject({
  program: z.array(z.string().min(1)).min(1).optional(),
  args: z.array(z.string()).optional(),
  env: z.record(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'must be the name of a variable'), z.string()).optional(),
})

const isKnown = (name: string): boolean => (LAUNCHER_NAMES as readonly string[]).includes(name)

const File = z.strictObject({
  launchers: z.strictObject(Object.fromEntries(LAUNCHER_NAMES.map((name) => [name, Settings.optional()]))).catchall(OwnCommand),
})

/** What the host of a worker says of launchers: commands of its own, and settings of the known ones. */
export interface OwnLaunchers {
  readonly commands: Readonly<Record<string, OwnCommand>>
  readonly settings: Readonly<Record<string, LauncherSettings>>
}

/**
 * Reads a launchers file: YAML with `launchers:`, each either a known launcher with `program`, `args` and `env`, or a name of the
 * host's own with `command`, `ready` and `dialect`.
 * @throws SweepError `SB-FILE-001` when it cannot be read, `SB-WORK-030` with every mistake and its line
 */
export function readLaunchers(file: string): OwnLaunchers {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (cause) {
    throw new SweepError('SB-FILE-001', { file, message: (cause as NodeJS.ErrnoException).code ?? 'unreadable' }, { cause })
  }
  return parseLaunchers(text, file)
}

/** The same of a text at hand; `file` is named in mistakes. */
export function parseLaunchers(text: string, file: string): OwnLaunchers {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true } as never)
  const refuse = (mistakes: readonly Mistake[]) =>
    new SweepError('SB-WORK-030', { file, count: mistakes.length }, { mistakes: [...mistakes].sort(byLine) })
  if (document.errors.length > 0)
    throw refuse(
      document.errors.map((error) =>
        mistake('SB-SPEC-002', { message: error.message.split('\n')[0] ?? '' }, { file, line: error.linePos?.[0].line ?? 1 }),
      ),
    )
  let raw: unknown
  try {
    raw = document.toJS({ maxAliasCount: 100 })
  } catch (thrown) {
    throw refuse([mistake('SB-SPEC-002', { message: (thrown as Error).message }, { file, line: 1 })])
  }
  const lineOf = (at: readonly PropertyKey[]): number => {
    for (let length = at.length; length >= 0; length -= 1) {
      const node = document.getIn(at.slice(0, length), true) as ParsedNode | undefined
      if (node?.range) return lines.linePos(node.range[0]).line
    }
    return 1
  }
  const parsed = File.safeParse(raw, { reportInput: true })
  const misspelt = settingsOfNobody(raw)
  const isSaid = ({ path: [, name] }: Found) => misspelt.some(({ path }) => path[1] === name)
  const issues = (parsed.success ? [] : parsed.error.issues.flatMap(issuesOf)).filter((found) => !isSaid(found))
  const mistakes = [...issues, ...misspelt, ...badNames(raw)].map(({ path: at, message }) =>
    mistake('SB-SPEC-004', { path: at.map(String).join('.') || 'the file', message }, { file, line: lineOf(at) }),
  )
  if (!parsed.success || mistakes.length > 0) throw refuse(mistakes)
  const entries = Object.entries(parsed.data.launchers).filter(([, entry]) => entry !== undefined)
  return {
    commands: Object.fromEntries(entries.filter(([name]) => !isKnown(name))) as Record<string, OwnCommand>,
    settings: Object.fromEntries(entries.filter(([name]) => isKnown(name))) as Record<string, LauncherSettings>,
  }
}

interface Found {
  readonly path: readonly PropertyKey[]
  readonly message: string
}

/** One mistake a member: an unknown key is told where it stands, with those that may stand there. */
function issuesOf(issue: z.core.$ZodIssue): Found[] {
  const { code, path } = issue
  if (code === 'unrecognized_keys')
    return issue.keys.map((key) => ({ path: [...path, key], message: `unknown key; there are ${keysAt(path)}` }))
  const isMissing = issue.input === undefined && (code === 'invalid_type' || code === 'invalid_value')
  const message = code === 'invalid_value' ? `must be one of ${issue.values.join(', ')}` : issue.message
  return [{ path, message: isMissing ? `is missing${code === 'invalid_value' ? `: ${message}` : ''}` : message }]
}

/** The keys that may stand at a place of the file. */
function keysAt([, name, member]: readonly PropertyKey[]): string {
  if (name === undefined) return 'launchers'
  if (member === 'version') return 'path, member'
  const isOne = isKnown(String(name))
  const keys = Object.keys((isOne ? Settings : OwnCommand).shape).join(', ')
  return isOne ? `${keys} (${String(name)} is started as it always is, with these)` : keys
}

/** Settings of a launcher that nobody knows: most likely a known one misspelt. */
function settingsOfNobody(raw: unknown): Found[] {
  const launchers = (raw as { launchers?: unknown } | null)?.launchers
  if (launchers === null || typeof launchers !== 'object') return []
  return Object.entries(launchers).flatMap(([name, entry]) => {
    const has = (key: string) => entry !== null && typeof entry === 'object' && key in entry
    if (isKnown(name) || has('command') || !(has('program') || has('args'))) return []
    const known = LAUNCHER_NAMES.join(', ')
    const message = `no known launcher (${known}), which alone take program and args; one of your own needs command, ready and dialect`
    return [{ path: ['launchers', name], message }]
  })
}

/** A name is what a spec may write behind `launch:`. */
function badNames(raw: unknown): Found[] {
  const launchers = (raw as { launchers?: unknown } | null)?.launchers
  if (launchers === null || typeof launchers !== 'object') return []
  return Object.keys(launchers)
    .filter((name) => !/^[a-z][a-z0-9-]{0,39}$/.test(name))
    .map((name) => ({ path: ['launchers', name], message: 'a name is of a to z, 0 to 9 and -, and begins with a letter' }))
}

function byLine(a: Mistake, b: Mistake): number {
  return (a.line ?? 0) - (b.line ?? 0)
}
