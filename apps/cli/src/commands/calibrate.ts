import { SweepError } from '@sweepboard/contracts'
import { CALIBRATION_KINDS, type CalibrationErrors, type CalibrationKind, fallingIntervals } from '@sweepboard/metrics'
import { type Command, Option } from 'commander'
import { applyCalibration, calibrateScores } from '../calibrate-scores.ts'
import { type CalibrationFile, readCalibration, type TargetForm } from '../calibration-file.ts'
import { digits } from '../consistency-report.ts'
import { formatTrecRun, type NamedRun, RUN_WORDS, type RunPlace, readRuns } from '../named-run.ts'
import { printJson, printNote, printResult } from '../output.ts'
import { addFitOptions, addRunOptions } from '../run-options.ts'
import { pairScores } from '../score-pairs.ts'
import { renderTable, terminalWidth } from '../table.ts'
import { readTrecQrels } from '../trec-file.ts'
import { writeWhole } from '../write-file.ts'

interface CalibrateOptions extends RunPlace {
  readonly kind: CalibrationKind
  readonly labels?: string
  readonly target: Exclude<TargetForm, 'labels'>
  readonly fitShare: number
  readonly seed: string
  readonly apply?: string
  readonly output?: string
}

export function add(program: Command): void {
  const command = program
    .command('calibrate')
    .argument('<scores>', 'run whose scores are mapped')
    .argument('[target]', 'run whose scores they are mapped to')
    .description(
      "Map one scorer's scores to another's, or to labels, within [0, 1]: fitted on the pairs of some queries, judged on those of the others.",
    )
    .addOption(new Option('--kind <name>', 'form of the map').choices(CALIBRATION_KINDS).default('cubic'))
    .option('--labels <qrels>', 'TREC qrels as the target: grade divided by the highest grade; unjudged pairs are left out')
    .addOption(
      new Option('--target <form>', 'what brings target scores into [0, 1]')
        .choices(['as-is', 'sigmoid', 'minmax'])
        .default('as-is'),
    )
    .option('--apply <file>', 'map <scores> by this calibration file instead of fitting one')
    .option('-o, --output <file>', 'calibration file (JSON) to write; with --apply the TREC run')
  addRunOptions(addFitOptions(command, 'queries'))
    .addHelpText(
      'after',
      `
${RUN_WORDS}

Examples:
  sweepboard calibrate small.trec large.trec -o small-to-large.json
  sweepboard calibrate small.trec --labels qrels.txt --kind isotonic
  sweepboard calibrate other.trec --apply small-to-large.json -o calibrated.trec`,
    )
    .action(calibrateCommand)
}

async function calibrateCommand(scores: string, target: string | undefined, options: CalibrateOptions): Promise<void> {
  if (options.apply !== undefined) {
    if (target !== undefined || options.labels !== undefined)
      throw new SweepError('SB-SPEC-004', { path: '--apply', message: 'takes a run and no target' })
    return apply(scores, options.apply, options)
  }
  if ((target === undefined) === (options.labels === undefined))
    throw new SweepError('SB-SPEC-004', { path: 'target', message: 'name a target run, or --labels' })
  const [from, to] = (await readRuns(target === undefined ? [scores] : [scores, target], options)) as [NamedRun, NamedRun?]
  const paired = pairScores(from.run, options.labels === undefined ? (to?.run ?? from.run) : readTrecQrels(options.labels))
  const file = calibrateScores(paired, {
    from: from.name,
    to: target ?? (options.labels as string),
    kind: options.kind,
    target: options.labels === undefined ? options.target : 'labels',
    seed: options.seed,
    share: options.fitShare,
  })
  if (options.output !== undefined) writeWhole(options.output, `${JSON.stringify(file, null, 2)}\n`)
  warnFalling(file)
  const { pairCount, unpairedCount } = paired
  if (options.json) return printJson({ ...file, pairs: pairCount, unpaired: unpairedCount, output: options.output ?? null })
  const left = unpairedCount === 0 ? '' : `; ${unpairedCount} pairs have no target and are left out`
  printResult(`${file.from} mapped to ${file.to} by a ${options.kind} calibration over ${pairCount} pairs${left}\n`)
  printResult(describeErrors(file))
  if (options.output !== undefined) printResult(`\nwritten: ${options.output}`)
}

async function apply(scores: string, file: string, options: CalibrateOptions): Promise<void> {
  const calibration = readCalibration(file)
  const [named] = (await readRuns([scores], options)) as [NamedRun]
  const run = applyCalibration(named.run, calibration)
  warnFalling({ falling: fallingIntervals(calibration.calibration) })
  const text = formatTrecRun(run, { tag: 'calibrated', depth: Number.POSITIVE_INFINITY })
  if (options.output !== undefined) writeWhole(options.output, text)
  if (options.json)
    return printJson({ from: scores, calibration: file, queries: run.queries.size, output: options.output ?? null })
  printResult(options.output === undefined ? text : `${run.queries.size} queries mapped; written: ${options.output}`)
}

function warnFalling({ falling }: Pick<CalibrationFile, 'falling'>): void {
  for (const [low, high] of falling)
    printNote(
      `warning: not monotone: between the scores ${low.toPrecision(6)} and ${high.toPrecision(6)} a higher score is mapped to a lower one; --kind isotonic never does that`,
    )
}

function describeErrors({ errors, seed }: CalibrationFile): string {
  const row = (name: string, one: CalibrationErrors) => [
    name,
    String(one.queryCount),
    String(one.pairCount),
    ...[one.mae, one.rmse, one.pearson, one.spearman, one.kendall].map(digits),
  ]
  const titles = ['queries', 'pairs', 'MAE', 'RMSE', 'Pearson', 'Spearman', 'Kendall'].map((title) => ({
    title,
    align: 'right' as const,
  }))
  const rows = [row('fitted on', errors.fit), row('held out', errors.heldOut), row('held out, as they were', errors.uncalibrated)]
  const words = 'Pearson and Spearman over all pairs, Kendall within queries'
  return `${renderTable([{ title: '' }, ...titles], rows, terminalWidth())}\n${words}; parts drawn with seed ${seed}`
}
