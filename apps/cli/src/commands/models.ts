import { builtInModels, LAUNCHERS } from '@sweepboard/models'
import type { Command } from 'commander'
import { askLaunch, shellLine } from '../launch-print.ts'
import { portNumber } from '../number-option.ts'
import { printJson, printNote, printResult } from '../output.ts'

const GIB = 2 ** 30

export function add(program: Command): void {
  const models = program
    .command('models')
    .description(
      'Models that need no download, and servers that a worker starts itself. Any local folder in transformers.js layout and any /v1/embeddings server work too.',
    )
    .option('--json', 'one JSON document')
    .addHelpText(
      'after',
      `
Examples:
  sweepboard models
  sweepboard models launch Qwen/Qwen3-Embedding-0.6B --engine vllm --print
In a spec:
  models: [local/pocket-static-en, ./models/all-MiniLM-L6-v2]
  engine: { vllm: { dtype: bfloat16 } }`,
    )
    .action((options: { json?: boolean }) => listModels(options.json === true))
  addLaunch(models)
}

function listModels(asJson: boolean): void {
  const all = builtInModels()
  const launchers = Object.values(LAUNCHERS).map(({ name, program, about, engine, devices }) => ({
    launcher: name,
    program,
    serves: Object.entries(engine).flatMap(([what, by]) => (by === null ? [] : [what])),
    devices,
    about,
  }))
  if (asJson) {
    printJson([...all, ...launchers])
    return
  }
  const lines = all.map(({ model, engine, about }) => `${model}  (${engine})  ${about}`)
  const starts = launchers.map(
    ({ launcher, serves, devices, about }) => `${launcher}  (${serves.join(', ')}; ${devices.join(', ')})  ${about}`,
  )
  printResult([...lines, '', 'Servers a worker starts (docs/launchers.md):', ...starts].join('\n'))
}

interface LaunchOptions {
  readonly engine: string
  readonly slot?: string
  readonly port: string
  readonly launchers?: string
  readonly revision?: string
  readonly rerank?: boolean
  readonly print?: boolean
  readonly json?: boolean
}

function addLaunch(models: Command): void {
  models
    .command('launch')
    .argument('<model>', 'hub id or folder')
    .description('Shows the command a worker starts the server of a model with. It starts nothing.')
    .requiredOption(
      '--engine <engine>',
      'vllm, sglang, tei, llamacpp, ollama, infinity or launch=NAME, with settings: vllm,dtype=float16',
    )
    .option('--slot <slot>', 'cpu, cuda:0, cuda:0+1; where the launcher prefers to run')
    .option('--port <port>', 'port it listens on', portNumber(1), '8000')
    .option('--launchers <file>', "the worker's launchers file: commands of your own, settings of the known ones")
    .option('--revision <commit>', 'hub revision, where the recipe book pins none')
    .option('--rerank', 'the model is a reranker, where that is not known of it')
    .option('--print', 'print the command')
    .option('--json', 'one JSON document')
    .addHelpText(
      'after',
      `
Examples:
  sweepboard models launch Qwen/Qwen3-Embedding-8B --engine vllm \\
    --slot cuda:0+1 --print
  sweepboard models launch Qwen/Qwen3-Reranker-0.6B --engine sglang --print
  sweepboard models launch ./models/bge-m3 --engine infinity,device=cpu --print
  sweepboard models launch BAAI/bge-m3 --engine launch=my-server \\
    --launchers launchers.yaml --json`,
    )
    .action((model: string, _: LaunchOptions, command: Command) => showLaunch(model, command.optsWithGlobals()))
}

async function showLaunch(model: string, options: LaunchOptions): Promise<void> {
  const { engine, slot, port, launchers, revision, rerank } = options
  const question = { model, engine, slot, port: Number(port), launchersFile: launchers, revision, isReranker: rerank === true }
  const { load, command, warnings } = await askLaunch(question)
  const { argv, env, files, url, ready } = command
  const { memoryBytes, open, identity } = load
  if (options.json) {
    const about = {
      model: load.model,
      revision: load.revision,
      loadKey: load.key,
      engine: identity.engine,
      dtype: identity.dtype,
    }
    printJson({ ...about, argv, env, files, url, ready, memoryBytes, devices: open.launch?.devices, warnings })
    return
  }
  for (const warning of warnings) printNote(`note: ${warning}`)
  if (!options.print) {
    printResult('`sweepboard worker` starts this server by itself when a sweep names the engine. --print shows the command.')
    return
  }
  printResult(shellLine(command))
  printNote(`ready as soon as GET ${ready} answers 200; the engine speaks ${identity.engine} at ${url}`)
  for (const file of files) printNote(`wrote ${file.path}`)
  printNote(`memory: at least ${(memoryBytes / GIB).toFixed(1)} GiB (estimate); slots: ${open.launch?.devices.join(', ')}`)
}
