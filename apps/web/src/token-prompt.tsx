import { useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { storeToken } from './api.ts'

/** Asks for the service's token after a 401; it is kept for this tab only and never leaves this origin. */
export function TokenPrompt({ reason, onDone }: { reason: string; onDone: () => void }) {
  const client = useQueryClient()
  const [token, setToken] = useState('')
  const save = (event: FormEvent) => {
    event.preventDefault()
    storeToken(token.trim())
    void client.invalidateQueries()
    onDone()
  }
  return (
    <form className="banner" onSubmit={save}>
      <label className="wrap" htmlFor="token">
        {reason}
      </label>
      <input
        id="token"
        className="in"
        type="password"
        autoComplete="off"
        value={token}
        onChange={(event) => setToken(event.target.value)}
      />
      <button className="btn pri" type="submit" disabled={token.trim() === ''}>
        Use this token
      </button>
    </form>
  )
}
