import type { Cells } from './cell.ts'

/** A query's text before its instruction is added: MTEB puts the instruction before a conversation, behind other texts. */
export interface QueryText {
  readonly text: string
  readonly isConversation: boolean
}

/**
 * A query's `text` cell as MTEB reads it (mteb/_create_dataloaders.py): a string untouched; a list of strings joined by
 * `"; "`; a list of turns `{role, content}` as `role: content`, joined likewise. Other forms are noted as mistakes.
 */
export function readQueryText(cells: Cells, field: string): QueryText {
  const value = cells.raw(field)
  if (!Array.isArray(value)) return { text: cells.text(field), isConversation: false }
  return { text: value.map((turn) => readTurn(turn, field, cells)).join('; '), isConversation: true }
}

function readTurn(turn: unknown, field: string, cells: Cells): string {
  if (turn === null || typeof turn !== 'object' || Array.isArray(turn)) return cells.asText(turn, field)
  const { role, content } = turn as Record<string, unknown>
  return `${cells.asText(role, `${field}.role`)}: ${cells.asText(content, `${field}.content`)}`
}

/** A query with its instruction, as MTEB joins the two. */
export function withInstruction({ text, isConversation }: QueryText, instruction: string): string {
  return isConversation ? `${instruction} ${text}` : `${text} ${instruction}`
}
