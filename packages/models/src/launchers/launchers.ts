import { infinity } from './infinity.ts'
import type { Launcher, LauncherName } from './launcher.ts'
import { llamacpp } from './llamacpp.ts'
import { ollama } from './ollama.ts'
import { sglang } from './sglang.ts'
import { tei } from './tei.ts'
import { vllm } from './vllm.ts'

/** The known launchers by name. */
export const LAUNCHERS: Readonly<Record<LauncherName, Launcher>> = { vllm, sglang, tei, llamacpp, ollama, infinity }

/** The launcher of a name; null for one that only a worker's host may know. */
export function knownLauncher(name: string): Launcher | null {
  return Object.hasOwn(LAUNCHERS, name) ? LAUNCHERS[name as LauncherName] : null
}
