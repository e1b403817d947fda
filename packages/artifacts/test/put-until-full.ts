// Run on a small file system of its own: puts a small and then a too big artifact, and prints what became of them.
import { readdirSync } from 'node:fs'
import { SweepError } from '@sweepboard/contracts'
import { openFolderStore } from '../src/index.ts'

const [folder = ''] = process.argv.slice(2)
const store = openFolderStore(folder)
const small = await store.put(new Uint8Array(1000))
const code = await store.put(new Uint8Array(8 << 20)).then(
  () => 'stored',
  (error: unknown) => (error instanceof SweepError ? error.code : String(error)),
)
const leftovers = readdirSync(folder, { recursive: true }).filter((name) => String(name).endsWith('.tmp'))
process.stdout.write(JSON.stringify({ code, leftovers, small: store.verifySync(small), listed: [...store.list()].length }))
