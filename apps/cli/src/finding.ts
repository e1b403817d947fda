/** What `doctor` found about one thing of this machine. */
export interface Finding {
  readonly check: string
  /** `error`: it cannot work so. `warning`: it works, with the drawback the message names. */
  readonly state: 'ok' | 'warning' | 'error'
  readonly message: string
  readonly fix: string | null
}

export const ok = (check: string, message: string): Finding => ({ check, state: 'ok', message, fix: null })
export const warning = (check: string, message: string, fix: string): Finding => ({ check, state: 'warning', message, fix })
export const error = (check: string, message: string, fix: string): Finding => ({ check, state: 'error', message, fix })
