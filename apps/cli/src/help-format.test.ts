import { readdirSync } from 'node:fs'
import { Command } from 'commander'
import { describe, expect, it } from 'vitest'
import { HELP } from './help-format.ts'

const COLUMNS = 80
const COMMANDS = new URL('./commands/', import.meta.url)
const files = readdirSync(COMMANDS).filter(
  (name) => name.endsWith('.ts') && !name.endsWith('.test.ts') && name !== 'export-hard-negatives.ts',
)

/** Help of a command and of those below it, as a terminal of 80 columns shows it. */
function helpsOf(command: Command): { name: string; text: string }[] {
  const parts: string[] = []
  command.configureOutput({ writeOut: (part) => parts.push(part), getOutHelpWidth: () => COLUMNS })
  command.outputHelp()
  return [{ name: command.name(), text: parts.join('') }, ...command.commands.flatMap(helpsOf)]
}

describe('--help', () => {
  it.each(files)('of %s fits 80 columns and has examples', async (file) => {
    const program = new Command('sweepboard').configureHelp(HELP)
    ;((await import(new URL(file, COMMANDS).href)) as { add(program: Command): void }).add(program)
    const helps = program.commands.flatMap(helpsOf)
    expect(helps.length).toBeGreaterThan(0)
    for (const { name, text } of helps) {
      expect(
        text.split('\n').filter((line) => line.length > COLUMNS),
        name,
      ).toEqual([])
      expect(text, name).toMatch(/^Examples?:|^Example/m)
    }
  })
})
