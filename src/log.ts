// The logger: one JSON line per fact, with secrets and payloads kept out by construction (callers pass ids, codes and route templates).
import { pino, type DestinationStream, type Logger } from 'pino'

export type Log = Logger

/** A logger for one process. `name` says which: api, worker, dev. Writes to standard output, or where `destination` says. */
export function createLog(name: string, level: string, destination?: DestinationStream): Log {
  const options = {
    name,
    level,
    base: { pid: process.pid },
    timestamp: pino.stdTimeFunctions.isoTime,
    serializers: { err: describeError },
    redact: { paths: ['*.authorization', '*.cookie', '*.code', '*.token', '*.to', '*.password'], censor: '[redacted]' },
  }
  return destination ? pino(options, destination) : pino(options)
}

/**
 * An error as a log shows it: name, code and where it came from. The message stays out for errors that are not ours, since a vendor's
 * message may quote a destination or a text; the stack's frames carry no data.
 */
function describeError(error: unknown): Record<string, unknown> {
  if (!(error instanceof Error)) return { name: typeof error }
  const frames = (error.stack ?? '')
    .split('\n')
    .filter((line) => line.trimStart().startsWith('at '))
    .slice(0, 6)
    .map((line) => line.trim())
  const code = 'code' in error && (typeof error.code === 'string' || typeof error.code === 'number') ? error.code : undefined
  return { name: error.name, ...(code === undefined ? {} : { errorCode: code }), frames }
}
