import { execFile } from 'node:child_process'
import { LAUNCHER_NAMES, LAUNCHERS } from '@sweepboard/models'
import { type Finding, ok, warning } from './finding.ts'

/** Some import a whole framework before they say their version. */
const LIMIT_MS = 30_000

/** Programs of the launchers on PATH, with their versions. None is no fault: they are for sweeps that name them. */
export async function checkPrograms(): Promise<Finding[]> {
  const found = (
    await Promise.all(LAUNCHER_NAMES.map((name) => checkProgram(name, versionCommand(LAUNCHERS[name].program))))
  ).flat()
  if (found.length > 0) return found
  return [ok('launchers', `none of ${LAUNCHER_NAMES.join(', ')} is installed here: engines that start a server cannot be used`)]
}

function checkProgram(name: string, [program = '', ...args]: readonly string[]): Promise<Finding[]> {
  return new Promise((resolve) => {
    execFile(program, args, { timeout: LIMIT_MS, encoding: 'utf8' }, (failure, stdout, stderr) => {
      if (failure === null) resolve([ok('launchers', `${name} ${versionIn(`${stdout}\n${stderr}`)}`)])
      // A module that is not installed is as absent as a program that is not there.
      else if (failure.code === 'ENOENT' || /No module named/.test(stderr)) resolve([])
      else {
        const words = `${stderr}\n${stdout}`.trim().split('\n').at(-1) ?? ''
        resolve([
          warning(
            'launchers',
            `${name} does not start: ${words.slice(0, 200)}`,
            `Repair it until \`${program} --version\` works.`,
          ),
        ])
      }
    })
  })
}

function versionCommand(program: readonly string[]): string[] {
  const [first = '', flag, module = ''] = program
  if (flag === '-m')
    return [
      first,
      '-c',
      `import importlib.metadata as m; import ${module.split('.')[0]}; print(m.version('${module.split('.')[0]}'))`,
    ]
  return [first, '--version']
}

/** The first thing in a text that looks like a version; its first line otherwise. */
export function versionIn(text: string): string {
  return /\d+\.\d+[\w.+-]*|\bb\d{3,}\b/.exec(text)?.[0] ?? text.trim().split('\n')[0]?.slice(0, 60) ?? ''
}
