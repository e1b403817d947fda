import { summarizePlan, sweepSchemaJson } from '@sweepboard/planner'
import { fitNotes } from '@sweepboard/results'
import type { Command } from 'commander'
import { type CommonOptions, dataFolder } from '../context.ts'
import { fingerprintsIn } from '../folder-source.ts'
import { readHubSettings } from '../hub.ts'
import { loadSweep } from '../load-sweep.ts'
import { printJson, printNote, printResult } from '../output.ts'
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

async function plan(
  file: string | undefined,
  options: CommonOptions & { datasets?: string; offline?: boolean; allowEnv: string[]; schema?: boolean },
  command: Command,
): Promise<void> {
  if (options.schema) return printJson(sweepSchemaJson())
  if (file === undefined) command.error("error: missing required argument 'spec'")
  const allowed = new Set(options.allowEnv)
  const sweep = await loadSweep(file as string, {
    ...(options.datasets ? { datasets: options.datasets } : {}),
    hub: readHubSettings(options),
    readEnv: (name) => (allowed.has(name) ? process.env[name] : undefined),
    fingerprints: () => (options.to ? openSource(options).fingerprints() : fingerprintsIn(dataFolder(options))),
  })
  const summary = summarizePlan(sweep.plan)
  const loads = sweep.plan.groups.map(({ model, rerank }) => (rerank ?? model).load)
  const misfits = options.to ? await fitNotes(openClient(options, options.to), loads) : []
  if (options.json) {
    printJson({
      ...summary,
      warnings: [...sweep.warnings, ...misfits],
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
      `encodings: ${summary.encodingCount}${summary.textCount === null ? '' : `, ${summary.textCount} texts`} (each text once per recipe side, whatever the number of configs)`,
    ].join('\n'),
  )
}
