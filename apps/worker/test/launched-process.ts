import { join } from 'node:path'
import { parseLaunchers } from '@sweepboard/models'
import { launchStubFile, waitUntil } from '@sweepboard/test-kit'
import { openFleet, textsOf } from './fleet.ts'
import { stubLoad } from './server-kit.ts'

/**
 * An embedded fleet with a server of its own as a process, to be killed: `launched-process.ts FOLDER`. Prints one JSON line with the
 * server's process and port when it serves, and goes on until it is killed.
 */
const [, , folder = ''] = process.argv
const fleet = await openFleet(100, folder)
const state = join(folder, 'stub-state')
const stub = launchStubFile({ stub: { state, grandchild: true, ignoreTerm: true, textMs: 20 } })
await fleet.submit({ queries: textsOf(5, 'query'), documents: textsOf(3000, 'document') }, stubLoad())
const { events } = await fleet.worker({ launchers: parseLaunchers(stub, 'test') })
const ready = await waitUntil(() => events.find(({ event, state: at }) => event === 'server' && at === 'ready'), {
  deadlineMs: 60_000,
  what: 'a server that serves',
})
process.stdout.write(`${JSON.stringify({ server: ready.pid })}\n`)
