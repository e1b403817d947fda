/** The service's own artifact files, looked at synchronously inside a ledger transaction. */
export interface ArtifactFiles {
  exists(digest: string): boolean
  /** Reads the file: false where it is gone or its bytes do not have its digest. */
  verify(digest: string): boolean
  /** Removes a file found damaged, so that the same digest can be stored again. Needed unless `verify` does so itself. */
  remove?(digest: string): void
}

/** Whether a file is there with the bytes of its digest; a damaged one is gone after that. */
export function isWhole(files: ArtifactFiles, digest: string): boolean {
  if (files.verify(digest)) return true
  files.remove?.(digest)
  return false
}
