import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'
import { ROOT } from '../src/checks.ts'

/** One service of the compose file, its image's entrypoint and environment included: what a container would start. */
export interface ComposeService {
  readonly argv: readonly string[]
  readonly env: Readonly<Record<string, string>>
  /** Container path -> path on the host, or null for a volume that Docker makes. */
  readonly mounts: ReadonlyMap<string, string | null>
  readonly dependsOn: readonly string[]
  /** Program and arguments, and how long Docker would wait for it. Null = none. */
  readonly health: { readonly argv: readonly string[]; readonly deadlineMs: number } | null
  /** Ports published, as "host:container". */
  readonly ports: readonly string[]
  readonly stopMs: number
  /** Started only when one of them is asked for; always where there is none. */
  readonly profiles: readonly string[]
  /** Devices of the host that it is given. */
  readonly devices: readonly {
    readonly driver: string
    readonly count: string | number
    readonly capabilities: readonly string[]
  }[]
}

interface Raw {
  readonly build?: { readonly context: string; readonly dockerfile: string }
  readonly command: readonly string[]
  readonly environment?: Readonly<Record<string, string>>
  readonly volumes?: readonly string[]
  readonly secrets?: readonly string[]
  readonly ports?: readonly string[]
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>
  readonly healthcheck?: { readonly test: readonly string[]; readonly interval: string; readonly retries: number }
  readonly stop_grace_period?: string
  readonly profiles?: readonly string[]
  readonly deploy?: { readonly resources: { readonly reservations: { readonly devices: ComposeService['devices'] } } }
}

/** What an image adds to each of its containers. */
export interface Image {
  readonly entrypoint: readonly string[]
  readonly env: Readonly<Record<string, string>>
  /** `COPY --from=build SOURCE TARGET` of the last stage: where the repository lies in the image. */
  readonly root: string
}

/** The last stage of the Dockerfile, as far as it decides what runs. */
export function readImage(path: string): Image {
  const last = readFileSync(path, 'utf8')
    .split(/^FROM .*$/m)
    .at(-1) as string
  const entrypoint = /^ENTRYPOINT (\[.*\])$/m.exec(last)?.[1]
  const root = /^COPY --from=build \S+ (\S+)$/m.exec(last)?.[1]
  if (entrypoint === undefined || root === undefined) throw new Error(`${path} has no ENTRYPOINT or COPY --from=build`)
  const env = [...last.matchAll(/^ENV (.*)$/gm)].flatMap(([, words]) => (words as string).split(' ').map(pair))
  return { entrypoint: JSON.parse(entrypoint), env: Object.fromEntries(env), root }
}

/** The services of the compose file by name; `${NAME:-default}` with its default, as on a machine where nothing is set. */
export function readCompose(path = join(ROOT, 'docker-compose.yml')): ReadonlyMap<string, ComposeService> {
  const text = readFileSync(path, 'utf8').replace(/\$\{\w+:-([^}]*)\}/g, '$1')
  const file: { services: Record<string, Raw>; secrets: Record<string, { file: string }> } = parse(text, { merge: true })
  return new Map(Object.entries(file.services).map(([name, raw]) => [name, serviceOf(raw, file.secrets)]))
}

function serviceOf(raw: Raw, secrets: Record<string, { file: string }>): ComposeService {
  const image = raw.build === undefined ? null : readImage(join(ROOT, raw.build.context, raw.build.dockerfile))
  const volumes = (raw.volumes ?? []).map((volume): [string, string | null] => {
    const [source = '', target] = volume.split(':')
    return [target ?? source, target !== undefined && source.startsWith('.') ? source : null]
  })
  const files = (raw.secrets ?? []).map((secret): [string, string | null] => [
    `/run/secrets/${secret}`,
    secrets[secret]?.file ?? 'no such secret',
  ])
  const [kind, ...probe] = raw.healthcheck?.test ?? []
  if (raw.healthcheck !== undefined && kind !== 'CMD') throw new Error(`a health check of kind ${kind}`)
  return {
    argv: [...(image?.entrypoint ?? []), ...raw.command],
    env: { ...image?.env, ...raw.environment },
    mounts: new Map([...(image === null ? [] : ([[image.root, '.']] as const)), ...volumes, ...files]),
    dependsOn: Object.entries(raw.depends_on ?? {}).map(([name, { condition }]) => {
      if (condition !== 'service_healthy') throw new Error(`${name}: ${condition}`)
      return name
    }),
    health: raw.healthcheck
      ? { argv: probe, deadlineMs: milliseconds(raw.healthcheck.interval) * raw.healthcheck.retries }
      : null,
    ports: raw.ports ?? [],
    stopMs: milliseconds(raw.stop_grace_period ?? '10s'),
    profiles: raw.profiles ?? [],
    devices: raw.deploy?.resources.reservations.devices ?? [],
  }
}

function pair(word: string): [string, string] {
  const at = word.indexOf('=')
  return [word.slice(0, at), word.slice(at + 1)]
}

function milliseconds(span: string): number {
  const [, count, unit] = /^(\d+)(s|m)$/.exec(span) ?? []
  if (count === undefined) throw new Error(`a time span ${span}`)
  return Number(count) * (unit === 'm' ? 60_000 : 1000)
}
