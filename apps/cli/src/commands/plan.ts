import { summarizePlan, sweepSchemaJson } from '@sweepboard/planner'
import { fitNotes } from '@sweepboard/results'
import type { Command } from 'commander'
import { type CommonOptions, dataFolder } from '../context.ts'
import { findSlotsHere } from '../embedded.ts'
import { fingerprintsIn } from '../folder-source.ts'
import { readHubSettings } from '../hub.ts'
import { loadSweep } from '../load-sweep.ts'
import { printJson, printNote, printResult } from '../output.ts'
import { laneFits, type PlanSlots, slotsHere, slotsThere } from '../plan-slots.ts'
import { openClient, openSource } from '../source.ts'

export function add(program: Command): void {
  program
    .command('plan')
    .argument('[spec]', 'sweep file (YAML)')
    .description('What a sweep would run: cells, loads, encodings and texts. Nothing is computed.')
    .option('--datasets <root>', 'folder with <Task>/ or <Task>/<subset>/ in BEIR layout')
    .option('--allow-env <names...>', 'environment variables a spec may name for API keys', [])
    .option('--data <dir>', 'data folder the sweep would run in (default ./.sweepboard, or SWEEPBOARD_DATA)')
    .option('--to <url>', 'service the sweep would be sent to: models that fit none of its slots are named')
    .option('--slots <list>', 'slots of this machine the sweep would run on, as `run` takes them (default auto); not with --to')
    .option('--token-file <file>', 'file with the token (or SWEEPBOARD_TOKEN)')
    .option('--schema', 'print the JSON Schema of the sweep language instead')
    .option('--offline', 'no network but for endpoints the spec names: data from folders and the hub cache')
    .option('--json', 'one JSON document')
    .addHelpText(
      'after',
      '\nExamples:\n  sweepboard plan examples/first-sweep.yaml\n  sweepboard plan --schema > sweep.schema.json',
    )
    .action(plan)
}

interface PlanOptions extends CommonOptions {
  readonly datasets?: string
  readonly offline?: boolean
  readonly allowEnv: string[]
  readonly slots?: string
  readonly schema?: boolean
}

async function plan(file: string | undefined, options: PlanOptions, command: Command): Promise<void> {
  if (options.schema) return printJson(sweepSchemaJson())
  if (file === undefined) command.error("error: missing required argument 'spec'")
  const allowed = new Set(options.allowEnv)
  let asked: Promise<PlanSlots> | null = null
  const slots = () => {
    asked ??= slotsFor(options)
    return asked
  }
  const sweep = await loadSweep(file as string, {
    ...(options.datasets ? { datasets: options.datasets } : {}),
    hub: readHubSettings(options),
    readEnv: (name) => (allowed.has(name) ? process.env[name] : undefined),
    fingerprints: () => (options.to ? openSource(options).fingerprints() : fingerprintsIn(dataFolder(options))),
    slots,
  })
  const summary = summarizePlan(sweep.plan)
  const loads = sweep.plan.groups.map(({ model, rerank }) => (rerank ?? model).load)
  const misfits = options.to ? await fitNotes(openClient(options, options.to), loads) : []
  const lanes = laneFits(sweep.plan, await slots())
  if (options.json) {
    printJson({
      ...summary,
      warnings: [...sweep.warnings, ...misfits],
      lanes: lanes.map(({ load, engine, fit }) => ({
        key: load.key,
        model: load.model,
        engine,
        slots: fit.slots,
        misfit: fit.reason,
      })),
      groups: sweep.plan.groups.map((group) => ({
        key: group.key,
        model: group.model.load.model,
        revision: group.model.load.revision,
        variant: group.model.variant,
        task: group.task.task,
        subset: group.task.subset,
        split: group.task.split,
        configs: group.configs,
      })),
    })
    return
  }
  for (const warning of [...sweep.warnings, ...misfits]) printNote(`note: ${warning}`)
  printResult(
    [
      `${summary.sweep}: ${summary.cellCount} cells = ${summary.models.length} models x ${summary.tasks.length} tasks with their configs, in ${summary.groupCount} groups`,
      `models: ${summary.models.join(', ')}`,
      `tasks: ${summary.tasks.join(', ')}`,
      `loads: ${summary.loadCount}, the largest about ${(summary.memoryBytes / 2 ** 20).toFixed(0)} MiB`,
      `slots ${(await slots()).where}:`,
      ...lanes.map(({ load, engine, fit }) => `  ${load.model} (${engine}): ${fit.shown || `none: ${fit.reason}`}`),
      `encodings: ${summary.encodingCount}${summary.textCount === null ? '' : `, ${summary.textCount} texts`} (each text once per recipe side, whatever the number of configs)`,
    ].join('\n'),
  )
}

/** What this would run on: a service's live workers, else this machine, whose driver may be asked for its GPUs. */
async function slotsFor(options: PlanOptions): Promise<PlanSlots> {
  if (options.to) return slotsThere(openClient(options, options.to))
  return slotsHere(await findSlotsHere(options.slots ?? 'auto'))
}
