/** A request that a hostile or broken client may send. */
export interface FuzzedRequest {
  readonly method: string
  /** Path and query, as they go on the wire. */
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | null
}

/** A request that an honest client sent: what the fuzzed ones are made from. */
export interface Recorded {
  readonly method: string
  readonly path: string
  readonly body: unknown
}

/** JSON Schema as far as the service's OpenAPI document goes. */
export interface Schema {
  readonly [member: string]: unknown
}
export interface OpenApi {
  readonly paths: Readonly<
    Record<
      string,
      Readonly<
        Record<string, { readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: Schema }>> } }>
      >
    >
  >
}

/** Park and Miller's generator: a seed names all requests of a run. */
export class Dice {
  #state: number

  constructor(seed: number) {
    this.#state = (seed % 2_147_483_646) + 1
  }

  /** A whole number of `[0, below)`. */
  below(below: number): number {
    this.#state = (this.#state * 48_271) % 2_147_483_647
    return this.#state % below
  }

  one<T>(of: readonly T[]): T {
    return of[this.below(of.length)] as T
  }
}

const OUTSIDE = '/etc/passwd'
/** Strings that somebody who wants in would try: paths, commands, markup, control characters, sizes, names of JavaScript's own. */
const HOSTILE_STRINGS: readonly string[] = [
  '',
  ' ',
  '../../../../etc/passwd',
  '..\\..\\windows',
  OUTSIDE,
  'file:///etc/passwd',
  'http://127.0.0.1:1/',
  'http://169.254.169.254/latest/meta-data',
  '$(touch /tmp/sweepboard-fuzzed)',
  '`touch /tmp/sweepboard-fuzzed`',
  '; touch /tmp/sweepboard-fuzzed #',
  '--help',
  '-rf',
  "' OR 1=1 --",
  '"; DROP TABLE sweep; --',
  '<script>alert(1)</script>',
  '__proto__',
  'constructor',
  'hasOwnProperty',
  '\u0000',
  'a\u0000b',
  '\ud800',
  '\u202e\u2066',
  '\u001b[2J',
  '%s%n%x',
  'x'.repeat(300),
  'é'.repeat(50_000),
  '🂡'.repeat(1000),
  '0'.repeat(64),
  'f'.repeat(64),
  'j00000000000000000000',
  'SWEEPBOARD_TOKEN',
  'PATH',
]
const HOSTILE_VALUES: readonly unknown[] = [
  null,
  true,
  false,
  0,
  -1,
  1,
  -0.5,
  1e308,
  -1e308,
  2 ** 31,
  2 ** 53,
  2 ** 63,
  5e-324,
  [],
  {},
  [[]],
  [null],
  { __proto__: null, constructor: { prototype: { polluted: true } } },
  nested(400),
]

function nested(depth: number): unknown {
  let value: unknown = 'deep'
  for (let i = 0; i < depth; i += 1) value = [value]
  return value
}

/** Members that say where something is, or what is run: hit more often than others. */
const AIMED = /path|folder|file|url|key|launch|engine|host|digest|repo|revision|model|task|spec|id$|name|variable/i

/** Requests without end, the same for a seed: half mutated from what honest clients sent, the rest made from the document. */
export class Fuzzer {
  readonly #dice: Dice
  readonly #api: OpenApi
  readonly #recorded: readonly Recorded[]
  readonly #routes: readonly { readonly method: string; readonly path: string; readonly schema: Schema | null }[]

  constructor(given: { seed: number; api: OpenApi; recorded: readonly Recorded[] }) {
    this.#dice = new Dice(given.seed)
    this.#api = given.api
    this.#recorded = given.recorded
    this.#routes = Object.entries(this.#api.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, { requestBody }]) => ({
        method: method.toUpperCase(),
        path,
        // Bytes are asked for as a string of any kind.
        schema: Object.values(requestBody?.content ?? {})[0]?.schema ?? null,
      })),
    )
  }

  next(): FuzzedRequest {
    const kind = this.#dice.below(20)
    if (kind < 10 && this.#recorded.length > 0) return this.#mutated()
    if (kind < 15) return this.#fromSchema()
    if (kind < 17) return this.#broken()
    return this.#elsewhere()
  }

  #mutated(): FuzzedRequest {
    const { method, path, body } = this.#dice.one(this.#recorded)
    const copy = structuredClone(body)
    const times = 1 + this.#dice.below(3)
    let root: unknown = copy
    for (let i = 0; i < times; i += 1) root = this.#mutate(root)
    return this.#request(method, this.#fill(path), JSON.stringify(root) ?? 'null')
  }

  /** One member somewhere becomes hostile, is dropped, doubled or renamed. */
  #mutate(root: unknown): unknown {
    const places: { holder: Record<string, unknown>; key: string }[] = []
    const walk = (value: unknown, depth: number): void => {
      if (value === null || typeof value !== 'object' || depth > 40) return
      for (const key of Object.keys(value)) {
        places.push({ holder: value as Record<string, unknown>, key })
        walk((value as Record<string, unknown>)[key], depth + 1)
      }
    }
    walk(root, 0)
    if (places.length === 0) return this.#hostile()
    const aimed = places.filter(({ key }) => AIMED.test(key))
    const { holder, key } = this.#dice.one(aimed.length > 0 && this.#dice.below(2) === 0 ? aimed : places)
    const what = this.#dice.below(8)
    if (what === 0) delete holder[key]
    else if (what === 1) holder[`${key}x`] = holder[key]
    else if (what === 2 && Array.isArray(holder)) holder.push(...structuredClone(holder.slice(0, 50)))
    else holder[key] = this.#hostile()
    return root
  }

  #hostile(): unknown {
    return this.#dice.below(5) < 3 ? this.#dice.one(HOSTILE_STRINGS) : structuredClone(this.#dice.one(HOSTILE_VALUES))
  }

  #fromSchema(): FuzzedRequest {
    const { method, path, schema } = this.#dice.one(this.#routes)
    const body = schema === null ? null : (JSON.stringify(this.#valueOf(schema, 0)) ?? 'null')
    return this.#request(method, this.#fill(path), body)
  }

  /** A value of a schema, or now and then something else. */
  #valueOf(schema: Schema, depth: number): unknown {
    if (depth > 12 || this.#dice.below(25) === 0) return this.#hostile()
    const choices = (schema.anyOf ?? schema.oneOf) as readonly Schema[] | undefined
    if (choices) return this.#valueOf(this.#dice.one(choices), depth + 1)
    if (schema.const !== undefined) return schema.const
    if (Array.isArray(schema.enum)) return this.#dice.one(schema.enum)
    if (schema.type === 'object') return this.#objectOf(schema, depth)
    if (schema.type === 'array') {
      const prefix = schema.prefixItems as readonly Schema[] | undefined
      if (prefix) return prefix.map((item) => this.#valueOf(item, depth + 1))
      return Array.from({ length: this.#dice.below(4) }, () => this.#valueOf((schema.items ?? {}) as Schema, depth + 1))
    }
    if (schema.type === 'boolean') return this.#dice.below(2) === 0
    if (schema.type === 'null') return null
    if (schema.type === 'integer' || schema.type === 'number') return this.#dice.below(1000)
    return this.#stringOf(schema)
  }

  #objectOf(schema: Schema, depth: number): unknown {
    const required = new Set((schema.required ?? []) as readonly string[])
    const members = Object.entries((schema.properties ?? {}) as Readonly<Record<string, Schema>>)
    return Object.fromEntries(
      members
        .filter(([name]) => required.has(name) || this.#dice.below(2) === 0)
        .map(([name, member]) => [name, this.#valueOf(member, depth + 1)]),
    )
  }

  #stringOf(schema: Schema): string {
    const hex = /\{(\d+)/.exec(String(schema.pattern ?? ''))?.[1]
    if (hex !== undefined && this.#dice.below(4) > 0) {
      const digits = Array.from({ length: Number(hex) }, () => this.#dice.below(16).toString(16)).join('')
      return `${/^\^([a-z])/.exec(String(schema.pattern))?.[1] ?? ''}${digits}`
    }
    return this.#dice.one(HOSTILE_STRINGS)
  }

  /** Bodies that are no JSON, cut off, deep, or of another type; headers that lie. */
  #broken(): FuzzedRequest {
    const { method, path } = this.#dice.one(this.#routes)
    const bodies = [
      '',
      '{',
      '[[[[',
      '{"a":}',
      'NaN',
      '"\ud800"',
      '\u0000\u0001',
      '['.repeat(50_000),
      '{"a":'.repeat(20_000),
      '1e999999',
    ]
    const types = ['text/plain', 'application/xml', 'multipart/form-data; boundary=x', '', 'application/json; charset=utf-16']
    const request = this.#request(method, this.#fill(path), method === 'GET' ? null : this.#dice.one(bodies))
    return { ...request, headers: { ...request.headers, 'content-type': this.#dice.one(types) } }
  }

  /** Other methods, other pages, artifacts of impossible names. */
  #elsewhere(): FuzzedRequest {
    const method = this.#dice.one(['GET', 'GET', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'POST', 'HEAD'])
    const name = encodeURIComponent(wellFormed(this.#dice.one(HOSTILE_STRINGS))).slice(0, 4000)
    const path = this.#dice.one([
      `/api/v1/artifacts/${name}`,
      `/api/v1/artifacts/..%2f..%2f${name}`,
      `/${name}`,
      `/assets/..%2f..%2f..%2f..%2f${name}`,
      '/assets/%2e%2e/%2e%2e/%2e%2e/etc/passwd',
      '/%ff%fe',
      '/api/v1/%00',
      `/api/v1/sweeps/${name}/${name}`,
      `/api/v1/leaderboard?tasks=${name}&sweep=${name}&published=${name}&benchmark=${name}`,
      `/api/v1/compare?a=${name}&b=${name}&tasks=${name}`,
      `/api/v1/history?model=${name}&task=${name}&limit=${name}`,
      `/api/v1/published?after=${name}`,
      `/api/v1/kinds?task=${name}`,
      `/api/v1/tasks/${name}/texts`,
      `/openapi.json?${name}`,
    ])
    return this.#request(method, path, method === 'PUT' || method === 'POST' ? this.#dice.one(HOSTILE_STRINGS) : null)
  }

  #fill(path: string): string {
    return path.replace(/\{(\w+)\}/g, () => encodeURIComponent(wellFormed(this.#dice.one(HOSTILE_STRINGS))).slice(0, 4000) || '-')
  }

  #request(method: string, path: string, body: string | null): FuzzedRequest {
    return { method, path, headers: body === null ? {} : { 'content-type': 'application/json' }, body }
  }
}

/** A URL cannot carry half a surrogate pair. */
function wellFormed(text: string): string {
  return text.toWellFormed()
}
