import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Load, sha256 } from '@sweepboard/contracts'
import { afterEach, expect, it } from 'vitest'
import { ServiceClient } from './client.ts'
import { fitNotes } from './fit-notes.ts'

const slot = {
  device: 'cuda',
  memoryBytes: 12e9,
  deviceCount: 1,
  deviceName: null,
  lane: null,
  tokensPerSecond: {},
  peakBytes: {},
  loadSeconds: {},
  closed: [],
}
const load = (memoryBytes: number) =>
  Load.parse({
    key: sha256(`load of ${memoryBytes} bytes`),
    model: 'acme/model',
    revision: '1',
    identity: { engine: 'openai', weights: null, dtype: 'bfloat16', provider: 'vllm', options: {}, fingerprint: null },
    open: { launch: { launcher: 'vllm', serves: 'vectors', devices: ['cuda'] } },
    memoryBytes,
  })
const servers: { close: () => void }[] = []
afterEach(() => {
  for (const server of servers.splice(0)) server.close()
})

async function clientOf(hosts: unknown): Promise<ServiceClient> {
  const server = createServer(
    (_, response) => void response.setHeader('content-type', 'application/json').end(JSON.stringify(hosts)),
  )
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return new ServiceClient({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, token: null })
}

it('names each load that no live slot can serve, and what would fit', async () => {
  const client = await clientOf([
    {
      host: 'h',
      slots: [
        { ...slot, id: 'cuda:0' },
        { ...slot, id: 'score', memoryBytes: 1e12 },
      ],
    },
  ])
  expect(await fitNotes(client, [load(20e9), load(8e9), load(20e9)])).toEqual([
    {
      lane: load(20e9).key,
      note: 'acme/model fits no slot of this service: needs 20.2 GiB, the largest such slot has 11.2 GiB. What would fit: a cuda slot (--slots cuda), 20.2 GiB of memory, joined GPUs count together (no MIG devices)',
    },
  ])
})

it('says nothing where no worker is live', async () => {
  expect(await fitNotes(await clientOf([]), [load(20e9)])).toEqual([])
})
