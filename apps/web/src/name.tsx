import { briefParts } from '@sweepboard/contracts/brief-variant'
import { modelParts, nameParts, visible } from './format.ts'
import type { Sentence } from './sentence.ts'

interface ModelNameProps {
  readonly model: string
  /** Its recipe and second stages: a chip each, briefly; the whole text is in their title. */
  readonly variant?: string
  /** What else tells it from its siblings, e.g. vectors cut to 64 dimensions. */
  readonly details?: string
}

/** A model's name: organisation grey, cut in the middle, always text and never obeyed. Chips go below it where the line is full. */
export function ModelName({ model, variant = '', details = '' }: ModelNameProps) {
  const { org, name } = modelParts(visible(model))
  const { head, tail } = nameParts(name)
  return (
    <span className="mname">
      <span className="whole" title={visible(model)}>
        {org && <bdi className="o hd">{org}</bdi>}
        <bdi className="n">
          <span className="hd">{head}</span>
          <span className="tl">{tail}</span>
        </bdi>
      </span>
      {(variant || details) && (
        <span className="chips" title={[visible(variant), details].filter(Boolean).join(' · ')}>
          {briefParts(visible(variant)).map((part) => (
            <span key={part} className="tag cut">
              <CutMiddle text={part} />
            </span>
          ))}
          {details && <span className="config">{details}</span>}
        </span>
      )}
    </span>
  )
}

/** A name that may be cut at its end; the whole of it is in the title. */
export function Cut({ text, className = '' }: { text: string; className?: string }) {
  return (
    <bdi className={`hd ${className}`} title={visible(text)}>
      {visible(text)}
    </bdi>
  )
}

/** A name cut in its middle, so that names that begin alike can be told apart. */
export function CutMiddle({ text }: { text: string }) {
  const { head, tail } = nameParts(visible(text))
  return (
    <bdi className="middle" title={visible(text)}>
      <span className="hd">{head}</span>
      <span className="tl">{tail}</span>
    </bdi>
  )
}

/** The answer under a title; facts in bold. */
export function Answer({ sentence }: { sentence: Sentence }) {
  let at = 0
  return (
    <p className="answer">
      {sentence.parts.map((part) => {
        const key = at
        at += part.text.length
        return part.isFact ? <b key={key}>{part.text}</b> : <span key={key}>{part.text}</span>
      })}
    </p>
  )
}
