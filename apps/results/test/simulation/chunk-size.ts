/** Every simulated chunk, of texts or of pairs. */
export const CHUNK_BYTES = 4000
export const CHUNK_TOKENS = CHUNK_BYTES / 4
