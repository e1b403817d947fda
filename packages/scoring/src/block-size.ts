/**
 * Rows of a block, whatever the number of configs: what comes of them stays in the processor's second cache. Rows at the end that would make less
 * than half a block come to the last one: products of few rows have other last bits.
 */
export const BLOCK_ROWS = 2048
