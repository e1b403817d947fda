import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'

/**
 * Ids of a process, of all it started, and of those in its process group whose own parent has ended. Only the process itself where there is
 * no `/proc`.
 */
export async function processTree(root: number, proc = '/proc'): Promise<Set<number>> {
  const tree = new Set([root])
  const names = await readdir(proc).catch(() => [])
  const all = await Promise.all(names.filter((name) => /^\d+$/.test(name)).map((name) => readParent(join(proc, name, 'stat'))))
  const known = all.filter((one) => one !== null)
  for (let before = 0; tree.size > before; ) {
    before = tree.size
    for (const { pid, parent, group } of known) if (tree.has(parent) || group === root) tree.add(pid)
  }
  return tree
}

/** `pid (name) state ppid pgrp ...`; the name may hold spaces and parentheses. Null for a process that is gone. */
async function readParent(file: string): Promise<{ pid: number; parent: number; group: number } | null> {
  const text = await readFile(file, 'utf8').catch(() => null)
  if (text === null) return null
  const [, parent, group] = text
    .slice(text.lastIndexOf(')') + 2)
    .split(' ')
    .map(Number)
  return { pid: Number.parseInt(text, 10), parent: parent ?? 0, group: group ?? 0 }
}
