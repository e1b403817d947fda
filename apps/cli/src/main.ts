import { Command, CommanderError } from 'commander'
import { VERSION } from './context.ts'
import { HELP, helpWidth } from './help-format.ts'
import { endWithLauncher } from './launcher.ts'
import { reportFailure } from './output.ts'

endWithLauncher()

// onnxruntime reports its use to Microsoft from version 1.29 on, unless this stands before it is loaded; children inherit it.
process.env.ORT_DISABLE_TELEMETRY ??= '1'

/** A subcommand's file: imported when it is asked for, so that `--help` stays quick. */
interface CommandFile {
  readonly add: (program: Command) => void
}

const COMMANDS: Readonly<Record<string, () => Promise<CommandFile>>> = {
  init: () => import('./commands/init.ts'),
  run: () => import('./commands/run.ts'),
  plan: () => import('./commands/plan.ts'),
  serve: () => import('./commands/serve.ts'),
  worker: () => import('./commands/worker.ts'),
  submit: () => import('./commands/submit.ts'),
  watch: () => import('./commands/watch.ts'),
  status: () => import('./commands/status.ts'),
  cancel: () => import('./commands/control.ts'),
  pause: () => import('./commands/control.ts'),
  resume: () => import('./commands/control.ts'),
  retry: () => import('./commands/control.ts'),
  leaderboard: () => import('./commands/leaderboard.ts'),
  compare: () => import('./commands/compare.ts'),
  history: () => import('./commands/history.ts'),
  export: () => import('./commands/export.ts'),
  import: () => import('./commands/import.ts'),
  report: () => import('./commands/report.ts'),
  reproduce: () => import('./commands/reproduce.ts'),
  score: () => import('./commands/score.ts'),
  consistency: () => import('./commands/consistency.ts'),
  calibrate: () => import('./commands/calibrate.ts'),
  fuse: () => import('./commands/fuse.ts'),
  tasks: () => import('./commands/tasks.ts'),
  models: () => import('./commands/models.ts'),
  gc: () => import('./commands/gc.ts'),
  doctor: () => import('./commands/doctor.ts'),
  explain: () => import('./commands/explain.ts'),
}

const OVERVIEW: Readonly<Record<string, string>> = {
  init: 'look at this machine and write a first sweep file',
  run: 'plan a sweep, run it here to the end, show the board',
  plan: 'what a sweep would run',
  serve: 'the service and the board',
  worker: 'join a service and compute',
  submit: 'send a sweep to a service',
  watch: 'follow a sweep',
  status: 'sweeps and what became of them',
  cancel: 'cancel a sweep',
  pause: 'pause a sweep',
  resume: 'resume a sweep',
  retry: 'run again what failed',
  leaderboard: 'the board in the terminal',
  compare: 'two rows of the board: which is better, and how sure',
  history: 'results of a model on a task over time, and what changed',
  export: 'write MTEB result files',
  import: 'read published MTEB result files',
  report: 'one file of a sweep, Markdown or HTML',
  reproduce: 'ours against the published score, and what explains the gap',
  score: "trec_eval's job on TREC files",
  consistency: 'two engines of one model, compared',
  calibrate: "map one scorer's scores to another's",
  fuse: 'one run out of several',
  tasks: 'the task catalog',
  models: 'built-in models',
  gc: 'delete artifacts nothing refers to',
  doctor: 'what this machine has and lacks',
  explain: 'what an error code means',
}

async function main(argv: readonly string[]): Promise<number> {
  const name = argv.find((word) => !word.startsWith('-'))
  const program = new Command('sweepboard')
    .description('Benchmark sweeps of embedding models on every machine you own, and a board you can trust.')
    .version(VERSION)
    .exitOverride()
    .showSuggestionAfterError()
    .configureHelp(HELP)
    .configureOutput({ getOutHelpWidth: helpWidth })
  const load = name === undefined ? undefined : COMMANDS[name]
  if (load) (await load()).add(program)
  for (const [other, description] of Object.entries(OVERVIEW)) {
    if (!program.commands.some((command) => command.name() === other))
      program.command(other).description(description).helpOption(false)
  }
  try {
    await program.parseAsync([...argv], { from: 'user' })
    return typeof process.exitCode === 'number' ? process.exitCode : 0
  } catch (thrown) {
    if (thrown instanceof CommanderError) return thrown.exitCode === 0 ? 0 : 2
    return reportFailure(thrown, argv.includes('--json'))
  }
}

// `sweepboard tasks | head` closes the pipe early: that ends the output, it is no failure to report.
for (const stream of [process.stdout, process.stderr])
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
    process.exit(0)
  })
const code = await main(process.argv.slice(2))
process.exitCode = code
// A command that ended has released what it opened; what is left (keep-alive sockets) must not hold the process.
// Where a program reads along, both streams are sockets, and what they still hold would go with the process.
process.stdout.write('', () => process.stderr.write('', () => process.exit(code)))
