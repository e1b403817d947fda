import { type SideRecipe, SweepError } from '@sweepboard/contracts'
import { textCleaner } from './text-cleaning.ts'

const PLACE = /\{(text|instruction)\}/g
const PLACES: readonly string[] = ['{text}', '{instruction}']

/** Whether a template asks for an instruction. */
export function wantsInstruction(template: string): boolean {
  return template.includes('{instruction}')
}

/** Whether a template holds `{text}` exactly once. */
export function isTemplate(template: string): boolean {
  return template.split('{text}').length === 2
}

/**
 * What is wrong with a side's template and instruction as a recipe has them, in words; empty where nothing is. A place of another
 * name would reach the model as it stands, an instruction without a place would be left out: both without a word.
 */
export function templateFaults({ template, instruction }: Pick<SideRecipe, 'template' | 'instruction'>): string[] {
  const shown = JSON.stringify(template)
  const faults: string[] = []
  if (!isTemplate(template)) faults.push(`the template ${shown} must hold {text} exactly once`)
  const strange = [...template.matchAll(/\{([a-z_]+)\}/gi)].map((place) => place[0]).filter((place) => !PLACES.includes(place))
  if (strange.length > 0)
    faults.push(`the template ${shown} holds ${strange.join(', ')}: there are {text} and {instruction} alone`)
  if (instruction && !wantsInstruction(template)) faults.push(`the template ${shown} has no {instruction}, yet one is given`)
  return faults
}

/**
 * What the engine is given for a text: the text cleaned as the side says, in the side's template with both places filled in one pass, so that `{instruction}`
 * standing literally in a text stays as it is. An instruction that is missing or empty takes the template away, as MTEB's
 * string templates do (mteb-protocol 2.2 b).
 * @throws SweepError `SB-MODEL-004` when the template does not hold `{text}` exactly once
 */
export function textRenderer(side: SideRecipe): (text: string) => string {
  if (!isTemplate(side.template)) {
    throw new SweepError('SB-MODEL-004', {
      model: 'this model',
      missing: `the template ${JSON.stringify(side.template)} must hold {text} exactly once`,
    })
  }
  const clean = textCleaner(side.cleaning)
  if (side.template === '{text}' || (wantsInstruction(side.template) && !side.instruction)) return clean
  const instruction = side.instruction ?? ''
  return (text) => {
    const cleaned = clean(text)
    return side.template.replace(PLACE, (_, place: string) => (place === 'text' ? cleaned : instruction))
  }
}

/** Texts of white space only. */
export function countEmpty(texts: readonly string[]): number {
  return texts.reduce((count, text) => count + (text.trim() === '' ? 1 : 0), 0)
}
