/** Values of a block (32 MiB of float32), where that is between 2,048 and 8,192 rows. */
const BLOCK_VALUES = 8 * 1024 * 1024

/** Rows of a block, whatever the number of configs: its size has a say in the last bits of the last rows' products. */
export function rowsPerBlock(dim: number): number {
  return Math.max(2048, Math.min(8192, Math.floor(BLOCK_VALUES / dim)))
}
