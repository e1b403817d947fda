import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'

/** In the place of a machine with GPUs: a program of this name on PATH that prints what a real one printed. */
export interface NvidiaStandIn {
  /** PATH with the program in front. */
  readonly path: string
  /** What it prints from now on, by a word of its arguments (`oldQuery`: asked without MIG); `code` is what it ends with, `sleep` how long it takes first. */
  says(by: { query?: string; oldQuery?: string; apps?: string; list?: string; code?: number; sleepSeconds?: number }): void
  close(): void
}

export const CARDS = `0, GPU-aaaa, NVIDIA GeForce RTX 4090, 24564, 564, 570.86.15, 43, 50, 100.00, [N/A]
1, GPU-bbbb, NVIDIA GeForce RTX 4090, 24564, 0, 570.86.15, 60, 100, 300.00, [N/A]
`

export function openStandIn(): NvidiaStandIn {
  const folder = mkdtempSync(join(tmpdir(), 'sb-nvidia-'))
  const program = join(folder, 'nvidia-smi')
  const said = { query: CARDS, oldQuery: '', apps: '', list: '', code: 0, sleepSeconds: 0 }
  const write = () => {
    for (const name of ['query', 'oldQuery', 'apps', 'list'] as const) writeFileSync(join(folder, name), said[name])
    writeFileSync(join(folder, 'code'), String(said.code))
    writeFileSync(join(folder, 'sleep'), String(said.sleepSeconds))
  }
  write()
  writeFileSync(
    program,
    `#!/bin/sh
here="${folder}"
[ "$(cat "$here/sleep")" = 0 ] || exec sleep "$(cat "$here/sleep")"
case "$*" in
  *mig.mode.current*) cat "$here/query" ;;
  *--query-gpu=*) cat "$here/oldQuery"; exit 0 ;;
  *--query-compute-apps=*) cat "$here/apps" ;;
  -L) cat "$here/list" ;;
  *) echo "unknown arguments: $*"; exit 2 ;;
esac
exit "$(cat "$here/code")"
`,
  )
  chmodSync(program, 0o755)
  return {
    path: `${folder}${delimiter}${process.env.PATH}`,
    says(by) {
      Object.assign(said, by)
      write()
    },
    close: () => rmSync(folder, { recursive: true, force: true }),
  }
}
