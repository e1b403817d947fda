import { type MouseEvent, useSyncExternalStore } from 'react'

const listeners = new Set<() => void>()

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  window.addEventListener('popstate', listener)
  return () => {
    listeners.delete(listener)
    window.removeEventListener('popstate', listener)
  }
}

/** Path and parameters of the page; the component renders again when they change. */
export function useAddress(): { readonly path: string; readonly params: URLSearchParams } {
  const address = useSyncExternalStore(subscribe, () => location.pathname + location.search)
  const url = new URL(address, location.origin)
  return { path: url.pathname, params: url.searchParams }
}

/** The URL is the view: sets or (with null or '') removes parameters without a new history entry; others are kept. */
export function setParams(changes: Readonly<Record<string, string | null>>): void {
  const url = new URL(location.href)
  for (const [key, value] of Object.entries(changes)) {
    if (value === null || value === '') url.searchParams.delete(key)
    else url.searchParams.set(key, value)
  }
  history.replaceState(null, '', url)
  for (const listener of listeners) listener()
}

/** A link inside the board; the theme goes along. */
export function pageLink(path: string): string {
  const theme = new URLSearchParams(location.search).get('theme')
  if (!theme) return path
  return `${path}${path.includes('?') ? '&' : '?'}theme=${encodeURIComponent(theme)}`
}

/** Follows a link of the board without loading the page again; modified clicks stay with the browser. */
export function follow(event: MouseEvent<HTMLAnchorElement>): void {
  if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return
  event.preventDefault()
  history.pushState(null, '', event.currentTarget.href)
  window.scrollTo(0, 0)
  for (const listener of listeners) listener()
}
