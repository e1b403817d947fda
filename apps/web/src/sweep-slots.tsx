import { useQuery } from '@tanstack/react-query'
import { asked, type HostRow } from './api.ts'
import { bytes, count, span } from './format.ts'
import { Problem } from './frame.tsx'
import { Cut, ModelName } from './name.tsx'

/** Hosts and their slots, in the order of their names, so that none changes place. `lanes` names the models of load keys; `isEnded`: no cell waits for a worker. */
export function SweepSlots({ lanes, isEnded }: { lanes: ReadonlyMap<string, string>; isEnded: boolean }) {
  const { data, error } = useQuery({ ...asked.hosts(), refetchInterval: 5000 })
  const hosts = [...(data ?? [])].sort((a, b) => (a.hostname + a.host < b.hostname + b.host ? -1 : 1))
  return (
    <section className="card">
      <header>
        <h2>Slots</h2>
        <span className="t2 dim">{hosts.length === 0 ? '' : `${hosts.length} ${hosts.length === 1 ? 'host' : 'hosts'}`}</span>
      </header>
      <Problem error={error} />
      {data && hosts.length === 0 && (
        <div className="body">
          <NoWorker isEnded={isEnded} />
        </div>
      )}
      {hosts.length > 0 && (
        <div className="scroll">
          <table>
            <caption className="sr">Slots</caption>
            <thead>
              <tr>
                <th scope="col">Host, slot</th>
                <th scope="col">State</th>
                <th scope="col">Model in memory</th>
                <th scope="col" className="num">
                  Tokens/s
                </th>
                <th scope="col" className="num">
                  Memory
                </th>
                <th scope="col" className="num">
                  Last beat
                </th>
              </tr>
            </thead>
            <tbody>
              {hosts.map((host) => (
                <HostRows key={host.host} host={host} lanes={lanes} />
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  )
}

/** What an empty list of hosts means, and what ends it where that is wanted. */
function NoWorker({ isEnded }: { isEnded: boolean }) {
  const { data } = useQuery({ ...asked.health(), enabled: !isEnded })
  if (isEnded) return <p className="dim">No worker is connected, and none is needed: no cell waits.</p>
  if (!data) return <p className="dim">No worker is connected.</p>
  if (!data.isJoinable)
    return (
      <>
        <p className="dim">
          No worker is connected, and none can join: this service has no Redis. One that has goes on with the sweep:
        </p>
        <p className="cmd">npx sweepboard serve --redis redis://127.0.0.1:6379</p>
      </>
    )
  return (
    <>
      <p className="dim">No worker is connected. Waiting cells go on when one joins:</p>
      <p className="cmd">npx sweepboard worker --join {location.origin}</p>
    </>
  )
}

function HostRows({ host, lanes }: { host: HostRow; lanes: ReadonlyMap<string, string> }) {
  const isDeaf = host.silentForMs > 30_000
  return host.slots.map((slot) => {
    const speed = slot.lane === null ? undefined : slot.tokensPerSecond[slot.lane]
    const model = slot.lane === null ? undefined : lanes.get(slot.lane)
    return (
      <tr key={slot.id} className="r">
        <th scope="row">
          <span className="mname">
            <i className={`dot ${isDeaf ? 'warn' : 'ok'}`} />
            <Cut text={host.hostname} className="b" /> <Cut text={`${slot.id} · ${slot.device}`} className="dim" />
          </span>
        </th>
        <td>{slot.state}</td>
        <td>
          {slot.id.startsWith('score') ? (
            <span className="dim">scores</span>
          ) : slot.lane === null ? (
            '–'
          ) : model ? (
            <ModelName model={model} />
          ) : (
            <span className="dim">of another sweep</span>
          )}
          {slot.closed[0] && (
            <span className="tag warn cut" title={slot.closed[0].reason}>
              <Cut text={slot.closed[0].reason} />
            </span>
          )}
        </td>
        <td className="num">{speed === undefined ? '·' : count(speed)}</td>
        <td className="num">{slot.memoryBytes === 0 ? '–' : bytes(slot.memoryBytes)}</td>
        <td className={isDeaf ? 'num warn' : 'num dim'}>
          {host.silentForMs < 1000 ? '< 1 s' : span(Math.floor(host.silentForMs / 1000))}
        </td>
      </tr>
    )
  })
}
