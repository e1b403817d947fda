import { parseSlots } from '../src/index.ts'
import { endpointLoad, openFleet, textsOf } from './fleet.ts'

/**
 * An embedded fleet as a process of its own, to be killed over a text: `killer-process.ts FOLDER KILLER_URL OTHER_URL`. Two
 * lanes on two slots, the same two sweeps at each start; prints their cells as one JSON line when both are done.
 */
const [, , folder = '', killerUrl = '', otherUrl = ''] = process.argv
const fleet = await openFleet(100, folder)
const documents = textsOf(40, 'document')
documents[17] = 'KILLER'
const sweeps = [
  await fleet.submit({ queries: textsOf(5, 'query'), documents }, endpointLoad(killerUrl, {}, 'killer')),
  await fleet.submit(
    { queries: textsOf(6, 'other query'), documents: textsOf(50, 'other') },
    endpointLoad(otherUrl, {}, 'other'),
  ),
]
const { running } = await fleet.worker({ slots: parseSlots('2xendpoint') })
for (const sweep of sweeps) await fleet.done(sweep)
await running.idle()
const cells = sweeps.flatMap((sweep) => fleet.service.cells(sweep)).map(({ state, failure }) => ({ state, failure }))
await fleet.stopWorkers()
await fleet.service.stop()
process.stdout.write(`${JSON.stringify(cells)}\n`)
