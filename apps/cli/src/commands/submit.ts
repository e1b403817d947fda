import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { openFolderStore, openHttpStore } from '@sweepboard/artifacts'
import { type PreparedTask, SweepError } from '@sweepboard/contracts'
import { fitNotes, type LaneView, Submission, submitSweep } from '@sweepboard/results'
import type { Command } from 'commander'
import { type CommonOptions, readToken } from '../context.ts'
import { readHubSettings } from '../hub.ts'
import { type LoadedSweep, loadSweep } from '../load-sweep.ts'
import { printJson, printNote, printResult } from '../output.ts'
import { slotsThere } from '../plan-slots.ts'
import { describeData, prepareTasks } from '../prepare-tasks.ts'
import { openClient, openSource } from '../source.ts'
import { lanesThere, sayUnservable } from '../unservable.ts'

/** Waits between tries of an upload: the service may be restarting. */
const UPLOAD_RETRY_MS = [500, 1000, 2000, 4000, 8000]
/** Time in which a service looks at a new sweep and its slots hear of their lanes. */
const SETTLE_MS = 1000

interface SubmitOptions extends CommonOptions {
  readonly to: string
  readonly datasets?: string
  readonly offline?: boolean
  readonly id?: string
  readonly allowEnv: string[]
}

export function add(program: Command): void {
  program
    .command('submit')
    .argument('<spec>', 'sweep file (YAML)')
    .description('Send a sweep to a service. Tasks are read here and uploaded by content; this process may go away afterwards.')
    .requiredOption('--to <url>', 'the service')
    .option('--token-file <file>', 'file with the write token (or SWEEPBOARD_TOKEN)')
    .option('--datasets <root>', 'folder with <Task>/ or <Task>/<subset>/ in BEIR layout')
    .option('--allow-env <names...>', 'environment variables a spec may name for API keys', [])
    .option('--id <sweep>', 'id of the sweep: repeats a submit whose answer was lost, without a second sweep')
    .option('--offline', 'no network but for endpoints the spec names: data from folders and the hub cache')
    .option('--json', 'one JSON document')
    .addHelpText(
      'after',
      '\nExamples:\n  sweepboard submit sweep.yaml --to http://service:4400 --datasets ~/beir\n  sweepboard watch my-sweep --to http://service:4400',
    )
    .action(submit)
}

async function submit(file: string, options: SubmitOptions): Promise<void> {
  if (options.id !== undefined && !Submission.shape.sweep.safeParse(options.id).success)
    throw new SweepError('SB-SPEC-004', { path: '--id', message: 's and 12 to 32 of 0-9a-f, as the first submit said it' })
  const allowed = new Set(options.allowEnv)
  const sweep = await loadSweep(file, {
    ...(options.datasets ? { datasets: options.datasets } : {}),
    hub: readHubSettings(options),
    readEnv: (name) => (allowed.has(name) ? process.env[name] : undefined),
    fingerprints: () => openSource(options).fingerprints(),
    slots: () => slotsThere(openClient(options, options.to)),
  })
  for (const warning of sweep.warnings) printNote(`note: ${warning}`)
  const unscheduled = (sweep.spec.consistency ?? []).filter(({ every }) => every === undefined).length
  if (unscheduled > 0)
    printNote(
      `note: a service runs only comparisons on a schedule: ${unscheduled} of \`consistency\` without \`every\` will not run; \`sweepboard run\` does them at once`,
    )
  const loads = sweep.plan.groups.map(({ model, rerank }) => (rerank ?? model).load)
  const misfits = await fitNotes(openClient(options, options.to), loads)
  for (const { note } of misfits) printNote(`note: ${note}`)
  const prepared = await prepareAndUpload(sweep, options)
  for (const note of describeData(sweep.plan, prepared)) printNote(`note: ${note}`)
  const body = {
    sweep: options.id ?? sweep.id,
    name: sweep.spec.sweep,
    spec: sweep.text,
    plan: sweep.plan,
    prepared,
    weight: sweep.spec.weight ?? 1,
    keep: sweep.spec.keep ?? 'all',
  }
  const answer = await submitSweep(openClient(options, options.to), body).catch((thrown: unknown) => {
    if (thrown instanceof SweepError && thrown.code === 'SB-SERVE-004')
      printNote(
        `note: it may have been recorded or not; the same command with --id ${body.sweep} makes sure without a second sweep`,
      )
    throw thrown
  })
  const told = new Set(misfits.map(({ lane }) => lane))
  const keys = new Set(loads.map(({ key }) => key).filter((key) => !told.has(key)))
  for (const line of sayUnservable(await settledLanes(keys, options), body.sweep)) printNote(`note: ${line}`)
  if (options.json) printJson(answer)
  else printResult(`submitted ${body.name} as ${body.sweep}\nNext: sweepboard watch ${body.sweep} --to ${options.to}`)
}

/** What a service says a second at most after a submit of its lanes: each has a slot by then, or why it has none, or waits its turn. */
async function settledLanes(keys: ReadonlySet<string>, options: SubmitOptions): Promise<LaneView[]> {
  for (const from = performance.now(); ; await delay(100)) {
    const lanes = (await lanesThere(options)).filter(({ lane }) => keys.has(lane))
    const isSettled = lanes.every(({ slots, unservable }) => slots > 0 || unservable != null)
    if (isSettled || performance.now() - from > SETTLE_MS) return lanes
  }
}

/** Reads every task of the plan here, once, and uploads what the service lacks. */
async function prepareAndUpload(sweep: LoadedSweep, options: SubmitOptions): Promise<PreparedTask[]> {
  const folder = mkdtempSync(join(tmpdir(), 'sweepboard-submit-'))
  const token = readToken(options)
  const remote = openHttpStore({ url: options.to, token, retryMs: UPLOAD_RETRY_MS })
  try {
    const local = openFolderStore(folder)
    return await prepareTasks(sweep.plan, {
      file: sweep.file,
      artifactFolder: folder,
      hub: readHubSettings(options),
      onPrepared: async ({ queries, documents, judgments }) => {
        for (const digest of new Set([queries.digest, documents.digest, judgments])) {
          if (!(await remote.has(digest))) await remote.put(await local.get(digest))
        }
      },
    })
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
