import { evaluateTrec } from '@sweepboard/metrics'
import { type Command, Option } from 'commander'
import { wholeNumber } from '../number-option.ts'
import { printJson, printNote, printResult } from '../output.ts'
import { asMeasureError, readTrecQrels, readTrecRun, splitMeasures } from '../trec-file.ts'

const DEFAULT_MEASURES = 'num_ret,num_rel,num_rel_ret,map,Rprec,bpref,recip_rank,ndcg,ndcg_cut.10,P.5,10,20,recall.5,10,100,1000'

interface ScoreOptions {
  readonly measures: string
  readonly perQuery?: boolean
  readonly complete?: boolean
  readonly level: string
  readonly maxDocuments?: string
  readonly json?: boolean
}

export function add(program: Command): void {
  program
    .command('score')
    .argument('<run>', 'TREC run file: qid Q0 docid rank score tag')
    .argument('<qrels>', 'TREC qrels file: qid 0 docid grade')
    .description("trec_eval's job: rank by score then id (both descending), print its measures to four digits.")
    .addOption(
      new Option('-m, --measures <list>', 'measures, cut-offs after a dot: ndcg_cut.10,100,P.5,map').default(
        DEFAULT_MEASURES,
        'counts, map, Rprec, bpref, recip_rank, ndcg, ndcg_cut.10, P.5,10,20, recall.5,10,100,1000',
      ),
    )
    .option('-q, --per-query', 'each query as well')
    .option('-c, --complete', 'average over all queries of the qrels, missing ones count 0')
    .option('-l, --level <grade>', 'smallest grade that counts as relevant', wholeNumber(1), '1')
    .option('-M, --max-documents <n>', 'documents considered for each query', wholeNumber(1))
    .option('--json', 'one JSON document')
    .addHelpText(
      'after',
      '\nExamples:\n  sweepboard score run.trec qrels.txt\n  sweepboard score -q -m ndcg_cut.10,map run.trec qrels.txt --json',
    )
    .action(score)
}

function score(runFile: string, qrelsFile: string, options: ScoreOptions): void {
  const evaluation = parseAndEvaluate(runFile, qrelsFile, options)
  if (evaluation.perQuery.size === 0) printNote(`note: no query is in both files: are ${runFile} and ${qrelsFile} of one task?`)
  if (options.json) {
    printJson({ all: evaluation.all, ...(options.perQuery ? { per_query: Object.fromEntries(evaluation.perQuery) } : {}) })
    return
  }
  const line = (name: string, query: string, value: number) => {
    const isCount = name === 'num_q' || name.startsWith('num_')
    return `${name.padEnd(22)}\t${query}\t${isCount ? value : value.toFixed(4)}`
  }
  const queries = options.perQuery
    ? [...evaluation.perQuery].flatMap(([query, values]) =>
        Object.entries(values).map(([name, value]) => line(name, query, value)),
      )
    : []
  printResult([...queries, ...Object.entries(evaluation.all).map(([name, value]) => line(name, 'all', value))].join('\n'))
}

function parseAndEvaluate(runFile: string, qrelsFile: string, options: ScoreOptions): ReturnType<typeof evaluateTrec> {
  const run = readTrecRun(runFile)
  const qrels = readTrecQrels(qrelsFile)
  try {
    return evaluateTrec(run, qrels, splitMeasures(options.measures), {
      relevanceLevel: Number(options.level),
      complete: options.complete === true,
      ...(options.maxDocuments ? { maxDocuments: Number(options.maxDocuments) } : {}),
    })
  } catch (thrown) {
    throw asMeasureError(thrown)
  }
}
