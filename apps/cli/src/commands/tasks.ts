import { SweepError } from '@sweepboard/contracts'
import { findTask, listShippedTasks, listTasks, suggestTask } from '@sweepboard/tasks'
import type { Command } from 'commander'
import { printJson, printResult } from '../output.ts'
import { renderTable, terminalWidth } from '../table.ts'

export function add(program: Command): void {
  program
    .command('tasks')
    .argument('[task]', 'one task, with its subsets, splits and statistics')
    .description(
      'The task catalog. Six types are evaluated: Retrieval, Reranking, InstructionReranking, STS, PairClassification, BitextMining.',
    )
    .option('--type <type>', 'only this type, e.g. Retrieval')
    .option('--json', 'one JSON document')
    .addHelpText('after', '\nExamples:\n  sweepboard tasks --type Retrieval\n  sweepboard tasks SciFact --json')
    .action((name: string | undefined, options: { type?: string; json?: boolean }) => {
      if (name !== undefined) return showTask(name, options.json === true)
      const shipped = listShippedTasks().map((task) => ({
        name: task,
        type: 'Retrieval',
        mainScore: 'ndcg_at_10',
        evalSplits: ['test'],
        isShipped: true,
      }))
      const catalog = listTasks().map(({ name: task, type, mainScore, evalSplits }) => ({
        name: task,
        type,
        mainScore,
        evalSplits,
        isShipped: false,
      }))
      const all = [...shipped, ...catalog].filter((task) => options.type === undefined || task.type === options.type)
      if (options.json) return printJson(all)
      const rows = all.map((task) => [
        task.name,
        task.type,
        task.mainScore,
        task.evalSplits.join(','),
        task.isShipped ? 'shipped' : task.type === 'Retrieval' ? 'data needed' : 'not yet',
      ])
      printResult(
        renderTable(
          [
            { title: 'task', min: 24 },
            { title: 'type', min: 12 },
            { title: 'main score', min: 12, isOptional: true },
            { title: 'splits', min: 8, isOptional: true },
            { title: 'here', min: 11 },
          ],
          rows,
          terminalWidth(),
        ),
      )
    })
}

function showTask(name: string, asJson: boolean): void {
  const task = findTask(name)
  if (!task) throw new SweepError('SB-SPEC-005', { task: name, suggestion: suggestTask(name) ?? undefined })
  if (asJson) printJson(task)
  else
    printResult(
      Object.entries(task)
        .map(([key, value]) => `${key}: ${typeof value === 'string' ? value : JSON.stringify(value)}`)
        .join('\n'),
    )
}
