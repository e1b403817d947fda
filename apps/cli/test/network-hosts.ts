import { spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'

/** A host of its own network: the prefix that runs a program there, and the address under which it sees this one. */
export interface NetworkHost {
  readonly through: readonly string[]
  readonly address: string
  /** Address of the machine the tests run on, as seen from there. */
  readonly gateway: string
  /** Takes the cable out: packets vanish, connections stay half open. */
  cut(): void
  mend(): void
}

/**
 * `count` network namespaces, each joined to this one by a pair of virtual cards with addresses of their own. Null with the
 * reason where the machine does not permit it (no root, no iproute2).
 */
export function openNetworkHosts(count: number): { hosts: readonly NetworkHost[]; close: () => void } | { reason: string } {
  const tag = randomBytes(3).toString('hex')
  const made: string[] = []
  const close = () => {
    for (const name of made) spawnSync('ip', ['netns', 'delete', name])
  }
  try {
    // 198.18.0.0/15 is set aside for tests of network devices (RFC 2544): nobody's real network.
    const third = 1 + (Number.parseInt(tag.slice(0, 2), 16) % 200)
    const hosts = Array.from({ length: count }, (_, i) => {
      const [name, card, net] = [`sb-${tag}-${i}`, `sb${tag}${i}`, `198.18.${third + i}`]
      ip('netns', 'add', name)
      made.push(name)
      ip('link', 'add', card, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', name)
      ip('addr', 'add', `${net}.1/24`, 'dev', card)
      ip('link', 'set', card, 'up')
      const inside = (...args: string[]) => ip('-n', name, ...args)
      inside('link', 'set', 'lo', 'up')
      inside('addr', 'add', `${net}.2/24`, 'dev', 'eth0')
      inside('link', 'set', 'eth0', 'up')
      inside('route', 'add', 'default', 'via', `${net}.1`)
      return {
        through: ['ip', 'netns', 'exec', name],
        address: `${net}.2`,
        gateway: `${net}.1`,
        // Down on this side only: from within, the packets go out and nobody answers.
        cut: () => ip('link', 'set', card, 'down'),
        mend: () => ip('link', 'set', card, 'up'),
      }
    })
    return { hosts, close }
  } catch (error) {
    close()
    return { reason: `(no network namespaces here: ${(error as Error).message})` }
  }
}

function ip(...args: string[]): void {
  const { status, stderr, error } = spawnSync('ip', args, { encoding: 'utf8' })
  if (status !== 0) throw new Error((error?.message ?? stderr).trim())
}
