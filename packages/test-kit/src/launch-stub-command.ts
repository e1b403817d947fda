import { fileURLToPath } from 'node:url'

/** What a stub server does wrong, and how fast it is. Failures that happen so many times are counted in the folder `state`, over all starts. */
export interface LaunchStubOptions {
  /** Folder that remembers failures; each is taken by one process only. */
  readonly state?: string
  readonly dim?: number
  readonly version?: string
  /** Milliseconds until it answers its readiness route. */
  readonly loadMs?: number
  /** Milliseconds of each request, and of each text in it. */
  readonly answerMs?: number
  readonly textMs?: number
  /** So many starts end with exit code 1. */
  readonly dieAtStart?: number
  /** Dies at the request after so many, `dieTimes` times (default 1). */
  readonly dieAfter?: number
  readonly dieTimes?: number
  /** Accepts and answers nothing from the request after so many on, until it is restarted, `hangTimes` times (default 1). */
  readonly hangAfter?: number
  readonly hangTimes?: number
  /** So many answers to more than eight texts have one dimension too many. */
  readonly wrongDimension?: number
  readonly ignoreTerm?: boolean
  /** Starts a process in a session of its own that ignores SIGTERM. */
  readonly grandchild?: boolean
  /** Megabytes it does not give back, each request. */
  readonly leakMb?: number
  /** Prints this and ends with exit code 1, at every start. */
  readonly saysAtStart?: string
  /** Dies of every text with these words. */
  readonly killedBy?: string
  /** Answers 500 and out of memory to more texts than that. */
  readonly mostTexts?: number
  /** File that gets a line for each text it answers: the text's last word; of a pair, those of query and document. */
  readonly tally?: string
  /** File that gets a line for each request for embeddings: process, its begin and end in epoch ms, texts, the first text's last word. */
  readonly requests?: string
}

/** Program and arguments of a stub server, with `{port}` where a launcher's command wants it. */
export function launchStubCommand(options: LaunchStubOptions = {}): string[] {
  const flags = Object.entries(options).flatMap(([name, value]) => {
    const flag = `--${name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`
    if (value === undefined || value === false) return []
    return value === true ? [flag] : [flag, String(value)]
  })
  return [process.execPath, fileURLToPath(new URL('./launch-stub.ts', import.meta.url)), '--port', '{port}', ...flags]
}

/** A launchers file that names stub servers. JSON is YAML. */
export function launchStubFile(stubs: Readonly<Record<string, LaunchStubOptions>>): string {
  const launchers = Object.entries(stubs).map(([name, options]) => [
    name,
    {
      command: launchStubCommand(options),
      ready: '/health',
      dialect: 'openai',
      base: '/v1',
      version: { path: '/version', member: 'version' },
    },
  ])
  return JSON.stringify({ launchers: Object.fromEntries(launchers) }, null, 2)
}
