const UNITS: Readonly<Record<string, number>> = {
  B: 1,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  KIB: 2 ** 10,
  MIB: 2 ** 20,
  GIB: 2 ** 30,
  TIB: 2 ** 40,
}

/** Whole bytes of "200GB", "1.5 GiB" or "1000"; letters of either case; null for anything else. */
export function parseByteSize(text: string): number | null {
  const [, amount, unit] = /^(\d+(?:\.\d+)?)\s*([kmgt]?i?b)?$/i.exec(text.trim()) ?? []
  if (amount === undefined) return null
  const factor = UNITS[(unit ?? 'B').toUpperCase()]
  return factor === undefined ? null : Math.round(Number(amount) * factor)
}

/** "1.3 GB": three digits at most, decimal units; whole bytes below 1 kB. */
export function sayByteSize(bytes: number): string {
  for (const [unit, factor] of [
    ['TB', 1e12],
    ['GB', 1e9],
    ['MB', 1e6],
    ['kB', 1e3],
  ] as const) {
    if (bytes >= factor) return `${(bytes / factor).toFixed(bytes >= 100 * factor ? 0 : 1)} ${unit}`
  }
  return `${bytes} B`
}
