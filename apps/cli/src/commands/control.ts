import type { Command } from 'commander'
import type { CommonOptions } from '../context.ts'
import { sayNamesakes } from '../namesakes.ts'
import { printJson, printNote, printResult } from '../output.ts'
import { findSweep } from '../source.ts'
import { type ControlAction, openWriter } from '../writer.ts'

const WORDS: Readonly<Record<ControlAction, string>> = {
  cancel: 'Stop a sweep: running work ends on every host within seconds, finished chunks and scores stay.',
  pause: 'Pause a sweep; resume continues it.',
  resume: 'Continue a paused sweep.',
  retry: 'Run again what failed or was cancelled; scored cells stay.',
}

/** The four control commands differ in one word only. */
export function add(program: Command): void {
  for (const action of Object.keys(WORDS) as ControlAction[]) {
    program
      .command(action)
      .argument('<sweep>', 'id or name of the sweep')
      .description(WORDS[action])
      .option('--data <dir>', 'data folder (default ./.sweepboard, or SWEEPBOARD_DATA)')
      .option('--to <url>', 'ask this service instead of a data folder')
      .option('--token-file <file>', 'file with the token (or SWEEPBOARD_TOKEN)')
      .option('--json', 'one JSON document')
      .addHelpText(
        'after',
        `\nExamples:\n  sweepboard ${action} first-sweep\n  sweepboard ${action} first-sweep --to http://gpu-box:4400\nA data folder that a service or a run with its board holds is changed through\nit.`,
      )
      .action(async (name: string, options: CommonOptions) => {
        const writer = openWriter(options, { mayCreate: false })
        try {
          const { id } = await findSweep(writer, name)
          const namesakes = sayNamesakes(await writer.sweeps(), { name, taken: id })
          const sweep = await writer.control(id, action)
          if (namesakes !== null) printNote(`note: ${namesakes}`)
          if (options.json) printJson(sweep)
          else
            printResult(
              `${sweep.name} (${sweep.id}) is ${sweep.state}${action === 'retry' && writer.url === null ? ': run its sweep file again to work it off' : ''}`,
            )
        } finally {
          writer.close()
        }
      })
  }
}
