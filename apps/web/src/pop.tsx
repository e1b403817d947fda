import { type ReactNode, useEffect, useLayoutEffect, useRef, useState } from 'react'

interface PopProps {
  /** The button it belongs to; focus goes back there. */
  readonly anchor: HTMLElement
  readonly label: string
  readonly onClose: () => void
  readonly children: ReactNode
}

/** A dialog beside its button, a sheet at the bottom of a phone. Escape or a press outside closes it. */
export function Pop({ anchor, label, onClose, children }: PopProps) {
  const box = useRef<HTMLDivElement>(null)
  const [place, setPlace] = useState({ left: 0, top: 0 })
  useLayoutEffect(() => {
    const from = anchor.getBoundingClientRect()
    const { offsetWidth: width = 0, offsetHeight: height = 0 } = box.current ?? {}
    const isAbove = from.bottom + height > innerHeight - 12 && from.top - height > 50
    setPlace({
      left: Math.max(12, Math.min(from.left, document.documentElement.clientWidth - width - 12)) + scrollX,
      top: (isAbove ? from.top - height - 4 : from.bottom + 4) + scrollY,
    })
    box.current?.focus({ preventScroll: true })
  }, [anchor])
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.key !== 'Escape') return
      onClose()
      anchor.focus()
    }
    const onPress = (event: PointerEvent) => {
      const at = event.target as Node
      if (!box.current?.contains(at) && !anchor.contains(at)) onClose()
    }
    document.addEventListener('keydown', onKey)
    document.addEventListener('pointerdown', onPress)
    return () => {
      document.removeEventListener('keydown', onKey)
      document.removeEventListener('pointerdown', onPress)
    }
  }, [anchor, onClose])
  return (
    <div ref={box} className="pop" role="dialog" aria-label={label} tabIndex={-1} style={place}>
      <button type="button" className="btn sm quiet x" aria-label="Close" onClick={onClose}>
        ✕
      </button>
      {children}
    </div>
  )
}

/** Name and value pairs; a null value is unknown and says so. */
export function Facts({ pairs }: { pairs: readonly (readonly [string, ReactNode])[] }) {
  return (
    <dl className="kv">
      {pairs.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value ?? '?'}</dd>
        </div>
      ))}
    </dl>
  )
}
