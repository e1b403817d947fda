import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'

/** A TCP relay to a Redis or a service whose open connections can go silent, as they do when a router or firewall forgets them. */
export async function startProxy(target: string) {
  const { protocol, hostname, port } = new URL(target)
  const pairs = new Set<readonly [Socket, Socket]>()
  const swallowed = new Set<Socket>()
  let isHole = false
  const server = createServer((near) => {
    if (isHole) {
      swallowed.add(near)
      near.on('error', () => {}).resume()
      return
    }
    const far = connect(Number(port), hostname)
    const pair = [near, far] as const
    pairs.add(pair)
    near.pipe(far)
    far.pipe(near)
    for (const socket of pair) {
      socket.on('error', () => {})
      socket.on('close', () => {
        for (const other of pair) other.destroy()
        pairs.delete(pair)
      })
    }
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return {
    url: `${protocol}//127.0.0.1:${address.port}`,
    /** Nothing passes any more over the connections open now; new ones work. */
    silence: () => {
      for (const [near, far] of pairs) {
        near.unpipe(far)
        far.unpipe(near)
      }
      return pairs.size
    },
    /** New connections are taken, and what they say is dropped: also later on, when others work again. */
    swallowNew: (whether: boolean) => {
      isHole = whether
      return swallowed.size
    },
    stop: () => {
      for (const socket of swallowed) socket.destroy()
      for (const pair of pairs) for (const socket of pair) socket.destroy()
      server.close()
    },
  }
}
