import { type ScoreWork, SweepError } from '@sweepboard/contracts'
import type { Matrix } from './product.ts'

/** What the message that carries a failure may hold. */
const LONGEST_MESSAGE = 4000

/** A config that could not be scored, for its cell. */
export interface ConfigFailure {
  readonly config: string
  readonly code: string
  readonly message: string
  readonly fix: string
}

export function failureOf(config: string, { code, message, fix }: SweepError): ConfigFailure {
  return { config, code, message: message.slice(0, LONGEST_MESSAGE), fix }
}

/** `SB-SCORE-002`: vectors, judgments and configs do not fit together. */
export function misfit(message: string): SweepError {
  return new SweepError('SB-SCORE-002', { message })
}

/** The configs the vectors can serve; one that wants more dimensions than they have fails alone. */
export function fittingConfigs(configs: ScoreWork['configs'], { rowCount, dim }: Matrix) {
  const tooWide = ({ config }: ScoreWork['configs'][number]) => rowCount > 0 && (config.dimensions ?? 0) > dim
  return {
    fitting: configs.filter((own) => !tooWide(own)),
    failures: configs
      .filter(tooWide)
      .map(({ key, config }) => failureOf(key, misfit(`${config.dimensions} dimensions wanted of vectors of ${dim}`))),
  }
}
