const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }

/** Control characters and those that turn text around (bidirectional overrides); line feed and tab aside. */
const INVISIBLE = /(?![\n\t])[\p{Cc}\u202a-\u202e\u2066-\u2069]/gu

/** Characters that hide or turn text, as `\uXXXX`. */
export function showInvisible(text: string): string {
  return text.replace(INVISIBLE, unicodeEscape)
}

/** Text for HTML content and quoted attributes. */
export function escapeHtml(text: string): string {
  return showInvisible(text.replace(/[&<>"']/g, (c) => ENTITIES[c] as string))
}

/** JSON that can end neither the script element nor the code block it stands in; it reads as the same value. */
export function attachedJson(value: unknown): string {
  return showInvisible(JSON.stringify(value).replace(/[<`]/g, unicodeEscape))
}

function unicodeEscape(c: string): string {
  return `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`
}
