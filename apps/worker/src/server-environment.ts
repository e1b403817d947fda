/** Variables a server gets from the worker: what finds programs, libraries, caches and devices. Keys and tokens are not among them. */
const PASSED = [
  /^(?:PATH|HOME|USER|LOGNAME|SHELL|LANG|LANGUAGE|TZ|TMPDIR|LD_LIBRARY_PATH)$/,
  /^(?:LC|XDG|CUDA|NVIDIA|HF|TRANSFORMERS)_/,
]
/** Of these, what opens a door: a hub token reads private models, and a server is a program of somebody else's. */
const SECRET = /TOKEN|SECRET|PASSWORD|_KEY$/i

/**
 * The environment of a server: what may pass of the worker's, the slot's devices, then the command's own. Never a token, nor a variable
 * that may hold an API key (`allowEnv`).
 */
export function serverEnvironment(input: {
  readonly own: Readonly<Record<string, string | undefined>>
  readonly allowEnv: readonly string[]
  readonly devices: Readonly<Record<string, string>>
  readonly command: Readonly<Record<string, string>>
}): Record<string, string> {
  const passed = Object.entries(input.own).flatMap(([name, value]) =>
    value !== undefined && PASSED.some((one) => one.test(name)) && !SECRET.test(name) && !input.allowEnv.includes(name)
      ? [[name, value] as const]
      : [],
  )
  return { ...Object.fromEntries(passed), ...input.devices, ...input.command }
}
