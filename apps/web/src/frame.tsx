import { useQuery } from '@tanstack/react-query'
import { type ReactNode, useEffect } from 'react'
import { follow, pageLink, setParams, useAddress } from './address.ts'
import { ApiError, asked } from './api.ts'

/** Sets the theme: `?theme=light|dark`, else what the system prefers. */
function useTheme(): 'light' | 'dark' {
  const { params } = useAddress()
  const wanted = params.get('theme')
  const theme =
    wanted === 'light' || wanted === 'dark' ? wanted : matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light'
  useEffect(() => {
    if (wanted === 'light' || wanted === 'dark') document.documentElement.dataset.theme = wanted
    else delete document.documentElement.dataset.theme
  }, [wanted])
  return theme
}

/** Top bar and the page below it. */
export function Frame({ isLive, children }: { isLive: boolean; children: ReactNode }) {
  const { path } = useAddress()
  const theme = useTheme()
  const running = useQuery(asked.sweeps()).data?.filter((sweep) => sweep.state === 'running').length ?? 0
  return (
    <>
      <a className="skip" href="#page">
        Skip to content
      </a>
      <header className="top">
        <a className="brand" href={pageLink('/')} onClick={follow}>
          <i />
          sweepboard
        </a>
        <nav className="nav" aria-label="Main">
          <NavLink to="/" isCurrent={path === '/'}>
            Leaderboard
          </NavLink>
          <NavLink to="/kinds" isCurrent={path === '/kinds'}>
            Kinds
          </NavLink>
          <NavLink to="/sweeps" isCurrent={path.startsWith('/sweeps')}>
            Sweeps
          </NavLink>
        </nav>
        <div className="end">
          <span className="t2 dim hide">{running > 0 ? `${running} running` : ''}</span>
          <span className="t2 live" title={isLive ? 'Changes arrive as they happen' : 'Not connected; trying again'}>
            <i className={`dot ${isLive ? 'ok pulse' : 'warn'}`} />
            {isLive ? 'live' : 'offline'}
          </span>
          <button
            type="button"
            className="btn sm quiet"
            aria-label={theme === 'dark' ? 'Light theme' : 'Dark theme'}
            onClick={() => setParams({ theme: theme === 'dark' ? 'light' : 'dark' })}
          >
            {theme === 'dark' ? '☀' : '☾'}
          </button>
        </div>
      </header>
      <main id="page">{children}</main>
    </>
  )
}

function NavLink({ to, isCurrent, children }: { to: string; isCurrent: boolean; children: ReactNode }) {
  return (
    <a href={pageLink(to)} onClick={follow} aria-current={isCurrent ? 'page' : undefined}>
      {children}
    </a>
  )
}

/** What went wrong, its code and its remedy; beside data already seen, never instead of it. */
export function Problem({ error }: { error: Error | null }) {
  if (!error) return null
  const { code, fix } = error instanceof ApiError ? error : { code: '', fix: '' }
  return (
    <div className="banner bad" role="alert">
      <b>✕</b>
      <span className="wrap">
        {error.message} {fix && <span className="ink2">{fix}</span>}
      </span>
      {code && <code className="dim">{code}</code>}
    </div>
  )
}
