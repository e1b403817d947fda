/** Variables a server gets from the worker: what finds programs, libraries, caches and devices. Keys and tokens are not among them. */
const PASSED = [
  /^(?:PATH|HOME|USER|LOGNAME|SHELL|LANG|LANGUAGE|TZ|TMPDIR|LD_LIBRARY_PATH|OLLAMA_MODELS)$/,
  /^(?:LC|XDG|CUDA|NVIDIA|HF|TRANSFORMERS)_/,
]
/** Of these, what opens a door. The hub's token is needed where a server fetches a gated model. */
const SECRET = /TOKEN|SECRET|PASSWORD|_KEY$/i
const NEEDED = 'HF_TOKEN'

/** What of an environment opens a door, by the names of its variables: no log may show it. */
export function secretsOf(environment: Readonly<Record<string, string>>): string[] {
  return Object.entries(environment).flatMap(([name, value]) => (SECRET.test(name) ? [value] : []))
}

/**
 * The environment of a server: what may pass of the worker's, the slot's devices, then the command's own. The hub's token
 * is the only one; never a variable that may hold an API key (`allowEnv`).
 */
export function serverEnvironment(input: {
  readonly own: Readonly<Record<string, string | undefined>>
  readonly allowEnv: readonly string[]
  readonly devices: Readonly<Record<string, string>>
  readonly command: Readonly<Record<string, string>>
}): Record<string, string> {
  const passed = Object.entries(input.own).flatMap(([name, value]) =>
    value !== undefined &&
    PASSED.some((one) => one.test(name)) &&
    (name === NEEDED || !SECRET.test(name)) &&
    !input.allowEnv.includes(name)
      ? [[name, value] as const]
      : [],
  )
  return { ...Object.fromEntries(passed), ...input.devices, ...input.command }
}
