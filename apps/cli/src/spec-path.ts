import { existsSync } from 'node:fs'
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'

/** Whether a name of a sweep file is a path: `./x`, `../x`, `/x` or `~/x`. */
export function isPath(name: string): boolean {
  return /^(\.{1,2}\/|\/|~\/)/.test(name)
}

/** A path of a sweep file: relative to the file, else to the working folder where only that exists. */
export function resolvePath(name: string, specDir: string): string {
  const home = name.startsWith('~/') ? join(homedir(), name.slice(2)) : name
  const besideSpec = resolve(specDir, home)
  return existsSync(besideSpec) ? besideSpec : resolve(home)
}
