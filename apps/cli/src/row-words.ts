/** For `--help`: how a row of the board is named. */
export const ROW_WORDS = `A row is named by its model, whole or by a part that no other model has: the
model's own recipe and main config, ours before a published one. Others say
more: "bge-m3 [256 dims]" or bge-m3#int8 what was derived, "[published]" an
imported row, minilm@4e42393 a revision. Where a name fits several rows they
are listed as each can be named.`
