import { Redis } from 'ioredis'

export interface RedisKey {
  readonly name: string
  /** As `TYPE` answers. */
  readonly type: string
  /** Milliseconds until it expires; -1 = never. */
  readonly ttlMs: number
}

/** Every key of a Redis, in order of name. */
export async function redisKeys(url: string): Promise<RedisKey[]> {
  const client = new Redis(url)
  try {
    const names = (await client.keys('*')).sort()
    return await Promise.all(names.map(async (name) => ({ name, type: await client.type(name), ttlMs: await client.pttl(name) })))
  } finally {
    client.disconnect()
  }
}
