import { type AddressInfo, createServer } from 'node:net'

/** Ports given to servers of this process that may not have bound them yet. */
const given = new Set<number>()

/** A port of the loopback address that nobody listens on. It is kept from others of this process until `release` is called. */
export async function takeFreePort(): Promise<{ readonly port: number; readonly release: () => void }> {
  for (;;) {
    const probe = createServer()
    const port = await new Promise<number>((resolve, reject) => {
      probe.once('error', reject)
      probe.listen(0, '127.0.0.1', () => resolve((probe.address() as AddressInfo).port))
    })
    await new Promise<void>((resolve) => probe.close(() => resolve()))
    if (given.has(port)) continue
    given.add(port)
    return { port, release: () => void given.delete(port) }
  }
}
