import { join } from 'node:path'
import { type FolderStore, linkFolder, markFolder, openFolderStore } from '@sweepboard/artifacts'
import { type JoinAnswer, SweepError } from '@sweepboard/contracts'
import type { Ledger } from '@sweepboard/ledger'

/** A write this old was killed in the middle, where nobody but this process writes; … */
const OWN_LEFTOVER_MS = 10_000
/** … and where other hosts write, too, whose clocks may differ. */
const SHARED_LEFTOVER_MS = 3_600_000

/**
 * Opens the artifact folder of a data folder: `artifacts` in it, or, for good, the folder elsewhere that it was told to use. Marks it, so that
 * a worker can tell that it has the same one, and removes what killed writers left. Throws `SB-ART-007` where the folder elsewhere is not
 * there, belongs to another ledger, or cannot take the place of artifacts that are here already.
 */
export function openArtifactFolder(
  folder: string,
  ledger: Ledger,
  elsewhere: string | null,
): { store: FolderStore; join: JoinAnswer['store'] } {
  const path = join(folder, 'artifacts')
  if (elsewhere !== null) linkFolder(path, elsewhere)
  const store = openFolderStore(path)
  const mark = markOrNull(path, ledger)
  const isShared = mark?.isLink === true
  if (mark !== null) store.removeLeftovers(isShared ? SHARED_LEFTOVER_MS : OWN_LEFTOVER_MS)
  return { store, join: mark === null ? undefined : { mark: mark.mark, isShared } }
}

/** A disk that is full or read-only keeps nobody from looking at the board. */
function markOrNull(path: string, ledger: Ledger): ReturnType<typeof markFolder> | null {
  try {
    return markFolder(path, ledger.id, ledger.hasArtifacts())
  } catch (thrown) {
    if (thrown instanceof SweepError) throw thrown
    return null
  }
}
