import { mkdir, rm, writeFile } from 'node:fs/promises'
import { dirname, resolve, sep } from 'node:path'
import { type Load, SweepError } from '@sweepboard/contracts'
import { type LaunchCommand, launchCommand, launchFolder, type OwnLaunchers } from '@sweepboard/models'

export interface CommandParts {
  readonly load: Load
  readonly slot: {
    readonly devices: readonly string[]
    readonly memoryBytes: number
    /** What `LaunchPlace.freeShare` is at this moment; absent on a slot without a GPU. */
    readonly freeShare?: (() => Promise<number | undefined>) | undefined
  }
  readonly own: OwnLaunchers | undefined
  readonly modelsRoot: string | null
}

/**
 * The command of one start, with its files written: `scratch` is emptied first. Throws what `launchFolder` and `launchCommand` throw:
 * the model is not on this host, or the launcher cannot serve it here.
 */
export async function makeCommand(
  { load, slot, own, modelsRoot }: CommandParts,
  place: { port: number; scratch: string },
): Promise<LaunchCommand> {
  const { port, scratch } = place
  await rm(scratch, { recursive: true, force: true })
  await mkdir(scratch, { recursive: true })
  const folder = await launchFolder(load, modelsRoot ?? undefined)
  const { devices, memoryBytes } = slot
  const freeShare = await slot.freeShare?.()
  const command = launchCommand(load, { port, devices, memoryBytes, freeShare, folder, scratch, settings: {} }, own)
  for (const { path, text } of command.files) {
    const file = resolve(scratch, path)
    if (!file.startsWith(scratch + sep)) throw new SweepError('SB-CORE-001', { message: `a launcher writes ${path}` })
    await mkdir(dirname(file), { recursive: true })
    await writeFile(file, text)
  }
  return command
}
