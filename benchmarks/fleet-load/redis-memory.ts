import { Redis } from 'ioredis'

/** What a Redis uses now: all, for its connections, for its data. */
export async function measureRedis(
  url: string,
): Promise<{ usedBytes: number; clientBytes: number; dataBytes: number; clients: number; keys: number }> {
  const redis = new Redis(url)
  try {
    const info = `${await redis.info('memory')}\n${await redis.info('clients')}`
    const field = (name: string) => Number(new RegExp(`^${name}:(\\d+)`, 'm').exec(info)?.[1] ?? Number.NaN)
    const [used, connections] = [field('used_memory'), field('mem_clients_normal')]
    const dataBytes = used - field('used_memory_startup') - connections
    return {
      usedBytes: used,
      clientBytes: connections,
      dataBytes,
      clients: field('connected_clients'),
      keys: await redis.dbsize(),
    }
  } finally {
    redis.disconnect()
  }
}
