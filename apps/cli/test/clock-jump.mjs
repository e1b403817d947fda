// Loaded before a process of a test: its wall clock is off by as many milliseconds as the file CLOCK_JUMP says, now.
import { readFileSync } from 'node:fs'

const Real = Date
const offset = () => {
  try {
    return Number(readFileSync(process.env.CLOCK_JUMP, 'utf8')) || 0
  } catch {
    return 0
  }
}
globalThis.Date = class extends Real {
  constructor(...parts) {
    super(...(parts.length === 0 ? [Real.now() + offset()] : parts))
  }
  static now() {
    return Real.now() + offset()
  }
}
