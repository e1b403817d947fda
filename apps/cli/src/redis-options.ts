import { readFileSync } from 'node:fs'
import { SweepError } from '@sweepboard/contracts'
import { checkedUrl, type RedisLink, type RedisTls, readLogin, withLogin } from '@sweepboard/queue'
import type { Command } from 'commander'
import { readPassword } from './context.ts'

/** How `serve` and `doctor` are told of Redis. Passwords come from files or the environment: arguments are seen by everybody. */
export interface RedisOptions {
  readonly redis?: string
  readonly redisPasswordFile?: string
  readonly redisCa?: string
  readonly redisCert?: string
  readonly redisKey?: string
  readonly redisServerName?: string
  readonly redisPrefix?: string
  /** False where `--no-redis-name-check` was given. */
  readonly redisNameCheck?: boolean
}

type Env = Readonly<Record<string, string | undefined>>

export function addRedisOptions(command: Command): Command {
  return addClientCertificate(
    command
      .option('--redis <url>', 'redis://, rediss:// (TLS) or unix:// address of the queue (or SWEEPBOARD_REDIS)')
      .option('--redis-password-file <file>', 'password of the user in the URL (or SWEEPBOARD_REDIS_PASSWORD)')
      .option('--redis-ca <file>', 'PEM of who signed the certificate of Redis; workers are told')
      .option('--redis-server-name <name>', 'name in the certificate of Redis, where the URL has another')
      .option('--redis-prefix <name>', 'keys begin with NAME:sb- and not sb-: for a user limited to them')
      .option('--no-redis-name-check', 'take any name in a certificate that --redis-ca signed'),
  )
}

/** What the keys of every ledger begin with in the Redis that options name. */
export function keysBegin({ redisPrefix }: Pick<RedisOptions, 'redisPrefix'>): string {
  return `${redisPrefix === undefined ? '' : `${redisPrefix}:`}sb-`
}

/** What a worker is not told by the service: its own certificate. */
export function addClientCertificate(command: Command): Command {
  return command
    .option('--redis-cert <file>', 'PEM certificate to show to a Redis that asks for one')
    .option('--redis-key <file>', 'its private key')
}

/** The Redis that options and environment name; null where they name none. Throws `SB-QUEUE-004` and `SB-FILE-001`. */
export function readRedis(options: RedisOptions, env: Env): RedisLink | null {
  const given = options.redis ?? env.SWEEPBOARD_REDIS
  if (!given) return null
  const password = options.redisPasswordFile
    ? readPassword(options.redisPasswordFile)
    : env.SWEEPBOARD_REDIS_PASSWORD || undefined
  const tls: RedisTls = {
    ...(options.redisCa ? { ca: readPem(options.redisCa) } : {}),
    ...readClientCertificate(options),
    ...(options.redisServerName ? { serverName: options.redisServerName } : {}),
    ...(options.redisNameCheck === false ? { checkName: false } : {}),
  }
  return { url: checkedUrl(withLogin(given, { password })), tls }
}

/** The address that workers are told; null = the service's own. The name to find in the certificate is that of this URL. */
export function readWorkersRedis(
  options: { readonly redisForWorkers?: string; readonly redisForWorkersPasswordFile?: string },
  own: RedisLink | null,
  env: Env,
): RedisLink | null {
  const { redisForWorkers: url, redisForWorkersPasswordFile: file } = options
  if (own === null || url === undefined) return null
  const password = file ? readPassword(file) : env.SWEEPBOARD_REDIS_FOR_WORKERS_PASSWORD || undefined
  const { ca, serverName, checkName } = own.tls ?? {}
  return { url: checkedUrl(withLogin(url, { password })), tls: { ca, serverName, checkName } }
}

export function readClientCertificate(options: Pick<RedisOptions, 'redisCert' | 'redisKey'>): Pick<RedisTls, 'cert' | 'key'> {
  return {
    ...(options.redisCert ? { cert: readPem(options.redisCert) } : {}),
    ...(options.redisKey ? { key: readPem(options.redisKey) } : {}),
  }
}

/** Whether a password stands in an argument, where `ps` shows it to every user of the machine. */
export function isPasswordInArgument(url: string | undefined): boolean {
  return url !== undefined && URL.canParse(url) && readLogin(url).password !== undefined
}

/** Words that must appear in no log: the password of a link as it is, and as it stands in its URL. */
export function secretsOf(link: RedisLink | null): string[] {
  const password = link === null ? undefined : readLogin(link.url).password
  return password === undefined ? [] : [password, encodeURIComponent(password)]
}

function readPem(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (cause) {
    throw new SweepError('SB-FILE-001', { file, message: (cause as Error).message }, { cause })
  }
}
