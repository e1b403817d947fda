// Clients of a process of their own: each puts an artifact of so many bytes, all at once, and then fetches it.
import { randomBytes } from 'node:crypto'
import { openHttpStore } from '@sweepboard/artifacts'

const [url = '', clients = '', size = ''] = process.argv.slice(2)
const store = openHttpStore({ url, token: null })
const fetchOne = async (digest: string): Promise<void> => {
  let bytes = 0
  for await (const part of store.stream(digest)) bytes += part.byteLength
  if (bytes !== Number(size)) throw new Error(`${bytes} bytes came back`)
}
await Promise.all(
  Array.from({ length: Number(clients) }, async () => {
    const body = randomBytes(Number(size))
    await fetchOne(await store.put(body))
  }),
)
process.disconnect()
