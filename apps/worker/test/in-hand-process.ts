import { parseSlots } from '../src/index.ts'
import { endpointLoad, openFleet, textsOf } from './fleet.ts'

/** A fleet as a process of its own, to be killed: `in-hand-process.ts FOLDER URL`. One sweep over the server there, of four chunks. */
const [, , folder = '', url = ''] = process.argv
const fleet = await openFleet(100, folder)
const { running } = await fleet.worker({ slots: parseSlots('endpoint') })
const load = endpointLoad(url, { concurrency: 4, batchTexts: 128 })
const sweep = await fleet.submit({ queries: textsOf(30, 'query'), documents: textsOf(3000, 'document') }, load)
await fleet.done(sweep)
await running.idle()
const cells = fleet.service.cells(sweep).map(({ state, metrics }) => ({ state, metrics }))
await running.stop({ drain: true })
await fleet.service.stop()
process.stdout.write(`${JSON.stringify(cells)}\n`)
