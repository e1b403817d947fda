import { SweepError } from '@sweepboard/contracts'
import { LAUNCHER_NAMES } from '@sweepboard/models'
import { EngineSpec } from '@sweepboard/planner'
import { closest } from '@sweepboard/tasks'

const SERVERS = ['openai', 'tei', 'ollama', 'rerank-api']
const NUMBERS = ['concurrency', 'batch', 'maxTokens', 'memoryShare']

/**
 * The `engine:` of a sweep file as one word of a command line: `onnx`, `onnx,dtype=q8`, `random`,
 * `openai=http://host:8000/v1,model=name,tokenizer=./folder`, `vllm,dtype=float16`, `launch=my-server`. The keys are those of the
 * sweep file.
 *
 * @throws SweepError `SB-SPEC-004` naming the option
 */
export function parseEngine(word: string, option: string): EngineSpec {
  const refuse = (message: string) => new SweepError('SB-SPEC-004', { path: option, message })
  const [head = '', ...members] = word.split(',')
  const [name = '', url] = splitOnce(head)
  const settings: Record<string, string | number> = {}
  if (url !== undefined) {
    if (name !== 'launch' && !SERVERS.includes(name))
      throw refuse(`${name} takes no URL; settings follow a comma, as in onnx,dtype=q8`)
    settings[name === 'launch' ? 'name' : 'url'] = url
  }
  for (const member of members) {
    const [key = '', value] = splitOnce(member)
    if (value === undefined) throw refuse(`"${member}" must read key=value`)
    settings[key] = NUMBERS.includes(key) ? Number(value) : value
  }
  const isLauncher = (LAUNCHER_NAMES as readonly string[]).includes(name)
  const plain = Object.keys(settings).length === 0 && (isLauncher || !SERVERS.includes(name))
  const parsed = EngineSpec.safeParse(plain ? name : { [name]: settings })
  if (parsed.success) return parsed.data
  const known = [...new Set(['onnx', 'random', ...SERVERS, ...LAUNCHER_NAMES, 'launch'])]
  if (!known.includes(name)) {
    const near = closest(name, known)
    throw refuse(`no engine "${name}"${near === null ? '; there' : `, did you mean "${near}"? There`} are ${known.join(', ')}`)
  }
  const why = ownIssues(parsed.error, name).map(({ path, message }) =>
    [path.slice(1).join('.'), message].filter(Boolean).join(': '),
  )
  throw refuse(why.join('; ') || 'not an engine')
}

/**
 * The same where nothing is started: the engine computes in this process, or its server runs already.
 *
 * @throws SweepError `SB-SPEC-004` naming the option
 */
export function parseRunningEngine(word: string, option: string): EngineSpec {
  const engine = parseEngine(word, option)
  const [name, settings] = typeof engine === 'string' ? [engine, null] : (Object.entries(engine)[0] ?? ['', null])
  const isLauncher = name === 'launch' || (LAUNCHER_NAMES as readonly string[]).includes(name)
  if (!isLauncher || (settings !== null && 'url' in settings)) return engine
  const message = `only a worker starts ${name}: start it (\`sweepboard models launch MODEL --engine ${name} --print\`) and name its address, as in openai=http://127.0.0.1:8000/v1`
  throw new SweepError('SB-SPEC-004', { path: option, message })
}

type Issue = EngineSpecError['issues'][number]
type EngineSpecError = NonNullable<ReturnType<typeof EngineSpec.safeParse>['error']>

/** Issues of the one form that the engine's name chooses. */
function ownIssues(error: EngineSpecError, name: string): Issue[] {
  const [issue] = error.issues
  if (issue?.code !== 'invalid_union') return error.issues
  return issue.errors.find((branch) => branch.some(({ path }) => path[0] === name)) ?? []
}

function splitOnce(text: string): [string, string | undefined] {
  const at = text.indexOf('=')
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)]
}
