import { SweepError } from '@sweepboard/contracts'
import { equalWeights, type FusionMethod, NORMALISATIONS, type Normalisation, type TrecQrels } from '@sweepboard/metrics'
import { type Command, InvalidArgumentError, Option } from 'commander'
import { alignRuns, evaluate, type FittedWeights, fitRunWeights, fuseRuns } from '../fused-runs.ts'
import { formatTrecRun, type NamedRun, RUN_WORDS, type RunPlace, readRuns } from '../named-run.ts'
import { wholeNumber } from '../number-option.ts'
import { printJson, printNote, printResult } from '../output.ts'
import { formatSeconds } from '../progress.ts'
import { addFitOptions, addRunOptions } from '../run-options.ts'
import { renderTable, terminalWidth } from '../table.ts'
import { readTrecQrels, splitMeasures } from '../trec-file.ts'
import { writeWhole } from '../write-file.ts'

interface FuseOptions extends RunPlace {
  readonly method: 'rrf' | 'weighted'
  readonly k: string
  readonly normalise: Normalisation
  readonly weights?: readonly number[]
  readonly fit?: string
  readonly fitShare: number
  readonly seed: string
  readonly qrels?: string
  readonly measures: string
  readonly output?: string
  readonly depth: string
  readonly tag: string
}

export function add(program: Command): void {
  const command = program
    .command('fuse')
    .argument('<runs...>', 'two runs or more')
    .description(
      'One run out of several: by reciprocal ranks or by weighted scores. Weights are given, equal, or fitted on one part of the judged queries and judged on the others.',
    )
    .addOption(new Option('--method <name>', 'how lists are added').choices(['rrf', 'weighted']).default('rrf'))
    .option('--k <n>', 'rrf: what is added to each rank', wholeNumber(0), '60')
    .addOption(
      new Option('--normalise <name>', 'weighted: what is done to the scores of a list first')
        .choices(NORMALISATIONS)
        .default('minmax'),
    )
    .option('--weights <list>', 'one weight a run, with commas; equal ones otherwise', weightList)
    .option('--fit <measure>', 'fit the weights for this measure, e.g. ndcg_cut.10')
    .option('--qrels <file>', 'TREC qrels; those of the task where a stored run is named')
    .option(
      '-m, --measures <list>',
      "trec_eval's measures to print where there are qrels",
      'ndcg_cut.10,map,recip_rank,recall.100',
    )
    .option('-o, --output <file>', 'TREC run to write')
    .option('--depth <n>', 'documents written for each query', wholeNumber(1), '1000')
    .option('--tag <name>', 'run id of the lines written', runTag, 'fused')
  addRunOptions(addFitOptions(command, 'judged queries'))
    .addHelpText(
      'after',
      `
${RUN_WORDS}

Examples:
  sweepboard fuse dense.trec bm25.trec -o fused.trec
  sweepboard fuse dense.trec bm25.trec --qrels qrels.txt \\
    --method weighted --fit ndcg_cut.10
  sweepboard fuse SciFact:local/minilm SciFact:mteb/baseline-bm25s \\
    --method weighted --weights 0.7,0.3 --json`,
    )
    .action(fuse)
}

async function fuse(words: readonly string[], options: FuseOptions): Promise<void> {
  const refuse = (path: string, message: string) => new SweepError('SB-SPEC-004', { path, message })
  if (words.length < 2) throw refuse('runs', 'name two or more')
  if (options.weights !== undefined && options.weights.length !== words.length)
    throw refuse('--weights', `${options.weights.length} weights for ${words.length} runs`)
  if (options.weights !== undefined && options.fit !== undefined)
    throw refuse('--weights', 'goes without --fit, which finds them')
  const runs = await readRuns(words, options)
  const qrels =
    options.qrels === undefined ? (runs.find((run) => run.qrels !== null)?.qrels ?? null) : readTrecQrels(options.qrels)
  const method: FusionMethod =
    options.method === 'rrf' ? { kind: 'rrf', k: Number(options.k) } : { kind: 'weighted', normalisation: options.normalise }
  const aligned = alignRuns(
    runs.map(({ run }) => run),
    method,
  )
  const found = options.fit === undefined ? null : fitted(runs, { aligned, qrels, options, measure: options.fit })
  const weights = found?.weights ?? options.weights ?? equalWeights(runs.length)
  const fused = fuseRuns(aligned, weights)
  const measures = splitMeasures(options.measures)
  const scores =
    qrels === null
      ? null
      : [...runs, { name: 'fused', run: fused }].map(({ name, run }) => ({ name, metrics: evaluate(run, qrels, measures) }))
  // Written last: a mistake in the measures leaves no file.
  if (options.output !== undefined)
    writeWhole(options.output, formatTrecRun(fused, { tag: options.tag, depth: Number(options.depth) }))
  if (options.json)
    return printJson({
      method,
      weights,
      runs: words,
      queries: fused.queries.size,
      fit: found,
      scores,
      output: options.output ?? null,
    })
  const named = runs.map(({ name }, i) => `${name} ${(weights[i] as number).toFixed(3)}`)
  printResult(`${fused.queries.size} queries fused by ${describeMethod(method)}; weights: ${named.join(', ')}`)
  if (found !== null) printResult(`\n${describeFit(found)}`)
  if (scores !== null) printResult(`\n${describeScores(scores, found !== null)}`)
  if (options.output !== undefined) printResult(`\nwritten: ${options.output}`)
}

function fitted(
  runs: readonly NamedRun[],
  by: { aligned: ReturnType<typeof alignRuns>; qrels: TrecQrels | null; options: FuseOptions; measure: string },
): FittedWeights {
  const { aligned, qrels, options, measure } = by
  if (qrels === null) throw new SweepError('SB-SPEC-004', { path: '--fit', message: 'needs judgments: name --qrels' })
  const startedAt = performance.now()
  let [tries, shownAt] = [0, startedAt]
  return fitRunWeights(runs, aligned, qrels, {
    measure,
    seed: options.seed,
    share: options.fitShare,
    onTry: () => {
      tries += 1
      if (performance.now() - shownAt < 2000) return
      shownAt = performance.now()
      printNote(`${tries} sets of weights tried in ${formatSeconds((shownAt - startedAt) / 1000)}`)
    },
  })
}

function describeMethod(method: FusionMethod): string {
  return method.kind === 'rrf' ? `reciprocal ranks, k = ${method.k}` : `weighted scores (${method.normalisation})`
}

function describeFit({ measure, seed, fitQueries, heldOutQueries, rows }: FittedWeights): string {
  const cells = rows.map(({ name, fit, heldOut }) => [name, fit.toFixed(4), heldOut.toFixed(4)])
  const right = { align: 'right' } as const
  const titles = [
    { title: measure, min: 12 },
    { title: `fit (${fitQueries} queries)`, ...right },
    { title: `held out (${heldOutQueries})`, ...right },
  ]
  return `${renderTable(titles, cells, terminalWidth())}\nparts drawn with seed ${seed}`
}

function describeScores(
  scores: readonly { readonly name: string; readonly metrics: Readonly<Record<string, number>> }[],
  isFitted: boolean,
): string {
  const names = Object.keys(scores[0]?.metrics ?? {})
  const cells = scores.map(({ name, metrics }) => [
    name,
    ...names.map((measure) => (measure === 'num_q' ? String(metrics[measure]) : (metrics[measure] as number).toFixed(4))),
  ])
  const titles = [{ title: 'all judged queries', min: 12 }, ...names.map((title) => ({ title, align: 'right' as const }))]
  const note = isFitted ? '\nthe fused line holds the queries it was fitted on: the held-out column above is the fair one' : ''
  return renderTable(titles, cells, terminalWidth()) + note
}

function weightList(text: string): number[] {
  const weights = text.split(',').map((part) => (part.trim() === '' ? Number.NaN : Number(part)))
  if (weights.every((weight) => Number.isFinite(weight) && weight >= 0) && weights.some((weight) => weight > 0)) return weights
  throw new InvalidArgumentError('It must be numbers of 0 or more with commas, not all 0.')
}

function runTag(text: string): string {
  if (/^\S+$/.test(text)) return text
  throw new InvalidArgumentError('It must be one word.')
}
