import { loadKey, pairLoad } from '@sweepboard/contracts'
import { describe, expect, it } from 'vitest'
import type { LaunchChoice } from '../model-source.ts'
import { rerankerCard } from '../recipe-book.ts'
import { resolveModel } from '../resolve-model.ts'
import { resolveReranker } from '../resolve-reranker.ts'
import { launchCommand } from './launch.ts'
import type { LaunchPlace } from './launch-command.ts'
import { LAUNCHERS } from './launchers.ts'
import { parseLaunchers } from './own-launchers.ts'

const CONTEXT = { baseDir: '/nowhere' }
const place = (devices: readonly string[], own: Partial<LaunchPlace> = {}): LaunchPlace => ({
  port: 8123,
  devices,
  memoryBytes: 24 * 2 ** 30,
  folder: null,
  scratch: '/scratch/a',
  settings: {},
  ...own,
})
const embedding = async (size: string, launch: LaunchChoice) =>
  (await resolveModel({ model: `Qwen/Qwen3-Embedding-${size}`, engine: { launch } }, CONTEXT)).load
const reranker = async (model: string, launch: LaunchChoice) => {
  const { load, recipe } = await resolveReranker({ model, engine: { launch } }, CONTEXT)
  return pairLoad(load, recipe)
}
const PLACES = { cpu: [], 'one GPU': ['3'], 'two GPUs': ['1', '2'] }
const CASES = [
  ['vllm', {}],
  ['sglang', {}],
  ['tei', {}],
  ['tei', { device: 'cpu' }],
  ['ollama', { model: 'qwen3-embedding:8b' }],
  ['infinity', {}],
  ['infinity', { device: 'cpu' }],
] as const

describe('commands of embedding models', () => {
  for (const size of ['0.6B', '8B'])
    for (const [name, options] of CASES)
      for (const [where, devices] of Object.entries(PLACES))
        it(`${name} ${JSON.stringify(options)} of ${size} on ${where}`, async () => {
          const load = await embedding(size, { name, ...options })
          expect(shown(() => launchCommand(load, place(devices)))).toMatchSnapshot()
        })
})

describe('commands of rerankers', () => {
  for (const [model, name] of [
    ['Qwen/Qwen3-Reranker-0.6B', 'vllm'],
    ['Qwen/Qwen3-Reranker-8B', 'sglang'],
    ['BAAI/bge-reranker-v2-m3', 'vllm'],
    ['BAAI/bge-reranker-v2-m3', 'sglang'],
    ['BAAI/bge-reranker-v2-m3', 'tei'],
    ['BAAI/bge-reranker-v2-m3', 'infinity'],
  ] as const)
    for (const [where, devices] of Object.entries(PLACES))
      it(`${name} of ${model} on ${where}`, async () => {
        const load = await reranker(model, { name })
        expect(shown(() => launchCommand(load, place(devices)))).toMatchSnapshot()
      })
})

/** A command as text, or the refusal. */
function shown(work: () => ReturnType<typeof launchCommand>): unknown {
  try {
    const { argv, env, files, url, ready, version } = work()
    return { argv: argv.join(' '), env, files, url, ready, version: version?.url ?? null }
  } catch (thrown) {
    return (thrown as Error).message
  }
}

describe('launchCommand', () => {
  it('gives llama.cpp a physical batch that holds the longest text, and a context for every sequence', async () => {
    const load = await embedding('0.6B', { name: 'infinity' })
    const launch = {
      launcher: 'llamacpp',
      serves: 'vectors' as const,
      devices: ['cuda' as const],
      maxTokens: 8192,
      memoryShare: null,
    }
    const options = { ...load.identity.options, file: 'm-Q8_0.gguf' }
    const gguf = { ...load, identity: { ...load.identity, options }, open: { ...load.open, launch } }
    const { argv } = launchCommand(gguf, place(['0'], { folder: '/models/m' }))
    const of = (flag: string) => argv[argv.indexOf(flag) + 1]
    expect([of('--model'), of('--pooling')]).toEqual(['/models/m/m-Q8_0.gguf', 'last'])
    // Unit length is its default, and its server of 2025 ends on this flag.
    expect(argv).not.toContain('--embd-normalize')
    expect([of('--ubatch-size'), of('--batch-size'), of('--parallel'), of('--ctx-size')]).toEqual(['8192', '8192', '4', '32768'])
    expect(of('--gpu-layers')).toBe('999')
    expect(launchCommand(gguf, place([], { folder: '/models/m' })).argv.join(' ')).toContain('--gpu-layers 0')
  })

  it('has SGLang read a text whole where attention looks ahead', async () => {
    const words = async (load: Promise<Parameters<typeof launchCommand>[0]>) =>
      launchCommand(await load, place(['0'])).argv.join(' ')
    const encoder = resolveModel({ model: 'BAAI/bge-m3', engine: { launch: { name: 'sglang' } } }, CONTEXT).then(
      ({ load }) => load,
    )
    const whole = '--chunked-prefill-size -1 --attention-backend triton'
    expect(await words(encoder)).toContain(whole)
    expect(await words(reranker('BAAI/bge-reranker-v2-m3', { name: 'sglang' }))).toContain(whole)
    expect(await words(embedding('8B', { name: 'sglang' }))).not.toMatch(/chunked|attention-backend/)
    expect(await words(reranker('Qwen/Qwen3-Reranker-8B', { name: 'sglang' }))).not.toMatch(/chunked|attention-backend/)
  })

  it('leaves most of the memory of a CPU to others where vLLM would take 92 % of it, or takes the share it is given', async () => {
    const shared = launchCommand(await embedding('0.6B', { name: 'vllm', device: 'cpu', memoryShare: 0.5 }), place([]))
    expect(shared.argv.join(' ')).toContain('--gpu-memory-utilization 0.5')
    expect(shared.env).not.toHaveProperty('VLLM_CPU_KVCACHE_SPACE')
    const own = launchCommand(await embedding('0.6B', { name: 'vllm', device: 'cpu' }), place([]))
    expect(own.env).toMatchObject({ VLLM_CPU_KVCACHE_SPACE: '4' })
  })

  it('tells vLLM the share of the whole that is free where others hold memory, rounded down; a spec’s own share stays', async () => {
    const share = async (launch: LaunchChoice, freeShare?: number) => {
      const { argv } = launchCommand(await embedding('0.6B', launch), place(['0'], { freeShare }))
      return argv.includes('--gpu-memory-utilization') ? argv[argv.indexOf('--gpu-memory-utilization') + 1] : null
    }
    expect(await share({ name: 'vllm' })).toBeNull()
    // 12,564 of 24,564 MiB: 0.92 of them are 0.4705 of all.
    expect(await share({ name: 'vllm' }, 12_564 / 24_564)).toBe('0.47')
    expect(await share({ name: 'vllm' }, 0)).toBe('0.01')
    expect(await share({ name: 'vllm', memoryShare: 0.3 }, 0.5)).toBe('0.3')
    const sglang = launchCommand(await embedding('0.6B', { name: 'sglang' }), place(['0'], { freeShare: 0.5 }))
    expect(sglang.argv).not.toContain('--mem-fraction-static')
  })

  it('lays what the host says over its own program, arguments and environment', async () => {
    const load = await embedding('0.6B', { name: 'vllm' })
    const own = parseLaunchers(
      'launchers: { vllm: { program: [/opt/v/bin/vllm, serve], args: [--enforce-eager], env: { A: b } } }',
      'f',
    )
    const { argv, env } = launchCommand(load, place(['0']), own)
    expect(argv.slice(0, 3)).toEqual(['/opt/v/bin/vllm', 'serve', 'Qwen/Qwen3-Embedding-0.6B'])
    expect(argv.at(-1)).toBe('--enforce-eager')
    expect(env).toMatchObject({ A: 'b', VLLM_NO_USAGE_STATS: '1' })
    const placed = launchCommand(load, place(['0'], { settings: { program: ['/my/vllm'] } }), own)
    expect(placed.argv[0]).toBe('/my/vllm')
  })

  it('serves a folder of this host without a revision', async () => {
    const load = await embedding('0.6B', { name: 'vllm' })
    const { argv } = launchCommand(load, place(['0'], { folder: '/models/qwen' }))
    expect(argv).toContain('/models/qwen')
    expect(argv).not.toContain('--revision')
  })

  it('tells a server nothing of a load that reads as an option or leaves its folder', async () => {
    const load = await embedding('0.6B', { name: 'vllm' })
    const evil: [string, string][] = [
      ['repo', '--trust-remote-code'],
      ['repo', '-x/y'],
      ['revision', '--config=/tmp/x'],
      ['model', '--help'],
      ['quantization', '-q'],
      ['file', '../../etc/passwd'],
      ['pooling', 'mean"}'],
    ]
    for (const [key, value] of evil) {
      const identity = { ...load.identity, options: { ...load.identity.options, [key]: value } }
      expect(() => launchCommand({ ...load, identity }, place(['0'])), `${key} ${value}`).toThrow(
        /SB-WORK-032.*none that a server is told/,
      )
    }
    await expect(
      resolveModel({ model: 'a/b', engine: { launch: { name: 'vllm' } }, revision: '--x', recipe: { dimensions: 8 } }, CONTEXT),
    ).rejects.toThrow('SB-SPEC-004')
  })

  it('gives a server no Jinja but its own: braces of a template are a string', async () => {
    const load = await reranker('Qwen/Qwen3-Reranker-0.6B', { name: 'sglang' })
    const pair = load.open.pair as NonNullable<typeof load.open.pair>
    const middle = (pair.template as NonNullable<typeof pair.template>).middle
    const texts = ['{', '{{ cycler.__init__.__globals__ }}', 'a {% x %} "b" \\ {# c', '}}', 'plain\n\n']
    for (const prefix of texts)
      for (const suffix of texts) {
        const open = { ...load.open, pair: { ...pair, template: { prefix, middle, suffix } } }
        const text = launchCommand({ ...load, open }, place(['0'])).files[0]?.text as string
        // What is left when each expression is taken out holds no brace; strings may hold any.
        const rest = text.replace(/\{\{ (?:"(?:[^"\\]|\\.)*"|messages\[[01]\]\["content"\]) \}\}/g, '')
        expect(rest).not.toMatch(/[{}]/)
      }
  })

  it('names the known ones where a launcher is unknown', async () => {
    const load = await embedding('0.6B', { name: 'my-server' })
    expect(() => launchCommand(load, place([]))).toThrow(/SB-WORK-031.*vllm, sglang/)
  })

  it('refuses versions that answer wrongly, of what they get wrong only', async () => {
    const refuse = async (name: string, model: string) => launchCommand(await reranker(model, { name }), place(['0'])).refuse
    const qwen = await refuse('vllm', 'Qwen/Qwen3-Reranker-0.6B')
    expect(qwen('0.13.0')).toContain('#30550')
    expect(qwen('0.9.2rc1')).not.toBeNull()
    expect([qwen('0.14.0'), qwen('0.19.0+cu129'), qwen('unknown')]).toEqual([null, null, null])
    expect((await refuse('vllm', 'BAAI/bge-reranker-v2-m3'))('0.11.0')).toBeNull()
    expect((await refuse('sglang', 'Qwen/Qwen3-Reranker-0.6B'))('0.5.7')).toContain('0.5.8')
    const tei = launchCommand(await embedding('0.6B', { name: 'tei' }), place(['0'])).refuse
    expect([tei('1.7.2') === null, tei('1.7.3'), tei('1.10.0')]).toEqual([false, null, null])
  })

  it('reads the version each server tells', () => {
    const answers = { vllm: { version: '1' }, sglang: { version: '1' }, tei: { version: '1' }, ollama: { version: '1' } }
    for (const [name, answer] of Object.entries(answers)) expect(LAUNCHERS[name as 'vllm'].version?.read(answer)).toBe('1')
    expect(LAUNCHERS.infinity.version?.read({ info: { version: '0.0.77' } })).toBe('0.0.77')
    expect(LAUNCHERS.llamacpp.version?.read({ build_info: 'b6800-abc' })).toBe('b6800-abc')
    for (const { version } of Object.values(LAUNCHERS))
      for (const strange of [null, [], 'x', {}, { version: 7 }]) expect(version?.read(strange)).toBeNull()
  })
})

describe('a launched load', () => {
  it('reads no less than the card says where nothing cuts texts before they are sent', async () => {
    await expect(embedding('0.6B', { name: 'vllm', maxTokens: 100 })).rejects.toThrow(
      /SB-SPEC-004: engine\.vllm\.maxTokens.*100 is below the 32768 of the model's card/,
    )
    expect((await embedding('0.6B', { name: 'vllm', maxTokens: 32_768 })).open.launch?.maxTokens).toBe(32_768)
  })

  it('says where its server uses one GPU, so that no joined slot is planned for a copy of it on each', async () => {
    const most = async (name: string) => (await embedding('8B', { name })).open.launch?.mostDevices
    expect(await Promise.all(['infinity', 'tei', 'vllm', 'sglang'].map(most))).toEqual([1, 1, undefined, undefined])
  })

  it('has one key on every slot, host and port', async () => {
    const load = await embedding('8B', { name: 'vllm' })
    const again = await embedding('8B', { name: 'vllm', concurrency: 32, batch: 4, memoryShare: 0.5, timeout: 1000 })
    expect(again.key).toBe(load.key)
    expect(loadKey(load.identity)).toBe(load.key)
    for (const devices of Object.values(PLACES)) launchCommand(load, place(devices, { port: 1 + devices.length }))
    expect(JSON.stringify(load.identity)).not.toMatch(/127\.0\.0\.1|8123|scratch|cuda:/)
  })

  it('has another for other weights, type, packing or launcher', async () => {
    const keys = await Promise.all([
      embedding('8B', { name: 'vllm' }),
      embedding('8B', { name: 'vllm', dtype: 'float16' }),
      embedding('8B', { name: 'vllm', quantization: 'fp8' }),
      embedding('8B', { name: 'sglang' }),
      embedding('4B', { name: 'vllm' }),
      resolveModel(
        { model: 'Qwen/Qwen3-Embedding-8B', engine: { launch: { name: 'vllm' } }, revision: 'a'.repeat(40) },
        CONTEXT,
      ).then(({ load }) => load),
    ])
    expect(new Set(keys.map(({ key }) => key)).size).toBe(keys.length)
  })

  it('of a reranker holds the template, and a task’s instruction changes nothing', async () => {
    const card = rerankerCard('Qwen/Qwen3-Reranker-0.6B')
    const { load, recipe } = await resolveReranker(
      { model: 'Qwen/Qwen3-Reranker-0.6B', engine: { launch: { name: 'vllm' } } },
      CONTEXT,
    )
    expect(recipe).toMatchObject({ head: 'yes-no', template: card?.template })
    expect(pairLoad(load, { ...recipe, instruction: 'Find the law' }).key).toBe(pairLoad(load, recipe).key)
  })
})
