import { QueryClient, QueryClientProvider, useQuery, useQueryClient } from '@tanstack/react-query'
import { StrictMode, useEffect, useState } from 'react'
import { createRoot } from 'react-dom/client'
import { useAddress } from './address.ts'
import { ApiError, asked } from './api.ts'
import { Frame } from './frame.tsx'
import { KindsPage } from './kinds-page.tsx'
import { LeaderboardPage } from './leaderboard-page.tsx'
import { followEvents } from './live.ts'
import { SweepPage } from './sweep-page.tsx'
import { SweepsPage } from './sweeps-page.tsx'
import { TokenPrompt } from './token-prompt.tsx'

const client = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: Number.POSITIVE_INFINITY,
      // The service's refusals do not change by asking again; silence may.
      retry: (tries, error) => tries < 2 && error instanceof ApiError && error.status === 0,
    },
  },
})

function Board() {
  const { path } = useAddress()
  const [isLive, setLive] = useState(false)
  const [round, setRound] = useState(0)
  const queries = useQueryClient()
  const { error } = useQuery(asked.sweeps())
  // A new round begins with a new token.
  // biome-ignore lint/correctness/useExhaustiveDependencies: round restarts the stream
  useEffect(() => {
    const stop = new AbortController()
    void followEvents(queries, setLive, stop.signal)
    return () => stop.abort()
  }, [queries, round])
  const sweep = /^\/sweeps\/([^/]+)$/.exec(path)?.[1]
  const isRefused = error instanceof ApiError && error.status === 401
  return (
    <Frame isLive={isLive}>
      {isRefused && <TokenPrompt reason="This board asks for a read token." onDone={() => setRound(round + 1)} />}
      {sweep ? (
        <SweepPage key={sweep} id={decodeURIComponent(sweep)} />
      ) : path === '/sweeps' ? (
        <SweepsPage />
      ) : path === '/kinds' ? (
        <KindsPage />
      ) : path === '/' ? (
        <LeaderboardPage />
      ) : (
        <div className="empty">
          <h2>No such page</h2>
          <p>The board has a leaderboard at /, results by kind of query at /kinds and sweeps at /sweeps.</p>
        </div>
      )}
    </Frame>
  )
}

const root = document.getElementById('root')
if (root)
  createRoot(root).render(
    <StrictMode>
      <QueryClientProvider client={client}>
        <Board />
      </QueryClientProvider>
    </StrictMode>,
  )
