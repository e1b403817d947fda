import { builtInModels } from '@sweepboard/models'
import type { Command } from 'commander'
import { printJson, printResult } from '../output.ts'

export function add(program: Command): void {
  program
    .command('models')
    .description(
      'Models that need no download. Any local folder in transformers.js layout and any /v1/embeddings server work too.',
    )
    .option('--json', 'one JSON document')
    .addHelpText(
      'after',
      '\nExamples:\n  sweepboard models\nIn a spec:\n  models: [local/pocket-static-en, ./models/all-MiniLM-L6-v2]',
    )
    .action((options: { json?: boolean }) => {
      const all = builtInModels()
      if (options.json) return printJson(all)
      printResult(all.map(({ model, engine, about }) => `${model}  (${engine})  ${about}`).join('\n'))
    })
}
