/** What connections and our own calls use: of logging in, of blocking reads, of scripts, of pipelines. */
const OWN = ['ping', 'info', 'select', 'client|setname', 'eval', 'evalsha', 'bzpopmin', 'multi', 'exec', 'expire']
/** What the Lua scripts of BullMQ call. */
const KEYS = [
  'del',
  'exists',
  'get',
  'incr',
  'incrby',
  'persist',
  'pexpire',
  'pexpireat',
  'pttl',
  'rename',
  'set',
  'time',
  'type',
  'unlink',
]
const HASHES = ['hdel', 'hexists', 'hget', 'hgetall', 'hincrby', 'hlen', 'hmget', 'hmset', 'hset']
const LISTS = ['lindex', 'llen', 'lpop', 'lpos', 'lpush', 'lrange', 'lrem', 'lset', 'ltrim', 'rpop', 'rpoplpush', 'rpush']
const SETS = ['sadd', 'scard', 'sismember', 'smembers', 'srem']
const SORTED = ['zadd', 'zcard', 'zcount', 'zlexcount', 'zpopmin', 'zrange', 'zrangebylex', 'zrangebyscore', 'zrem']
const SORTED_ENDS = ['zremrangebyrank', 'zremrangebyscore', 'zrevrange', 'zrevrangebyscore', 'zscore']
const STREAMS = ['xadd', 'xdel', 'xlen', 'xrange', 'xread', 'xtrim']

/** Commands a user of the queue must be allowed, and no other. */
export const ACL_COMMANDS: readonly string[] = [OWN, KEYS, HASHES, LISTS, SETS, SORTED, SORTED_ENDS, STREAMS].flat()

/**
 * The line of an aclfile for a user who may do what the queue does and nothing else, to keys of one prefix only. `password` as it stands
 * in the file: `>words`, or `#` and its SHA-256 in hex.
 */
export function aclLine(user: string, options: { readonly prefix?: string; readonly password: string }): string {
  const keys = options.prefix === undefined ? 'sb-*' : `${options.prefix}:*`
  const commands = ACL_COMMANDS.map((name) => `+${name}`).join(' ')
  return `user ${user} on ${options.password} resetkeys ~${keys} resetchannels -@all ${commands}`
}
