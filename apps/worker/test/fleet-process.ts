import { openFleet, textsOf } from './fleet.ts'

/**
 * A whole embedded fleet as a process of its own, to be killed: `fleet-process.ts FOLDER [CRASH_POINT]`. Submits one sweep
 * (the same at each start), prints one JSON line when it is done, and ends.
 */
const [, , folder = '', crashAt] = process.argv
const fleet = await openFleet(100, folder)
const { running } = await fleet.worker(crashAt === undefined ? {} : { crashAt })
const sweep = await fleet.submit({ queries: textsOf(30, 'query'), documents: textsOf(1500, 'document') })
await fleet.done(sweep)
await running.idle()
const cells = fleet.service.cells(sweep).map(({ state, metrics }) => ({ state, metrics }))
await running.stop({ drain: true })
await fleet.service.stop()
process.stdout.write(`${JSON.stringify(cells)}\n`)
