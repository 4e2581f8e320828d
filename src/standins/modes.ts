// How a stand-in is told to misbehave: a tagged object, the same in a test's call and in the body of an HTTP request.

/** `times` counts down and then the stand-in accepts again; left out, the mode stays. What the numbers do depends on the kind. */
export type Mode<Kind extends string> = {
  kind: Kind
  times?: number
  delayMs?: number
  code?: number
  status?: number
  retryAfterSeconds?: number
}

const numbers = ['times', 'delayMs', 'code', 'status', 'retryAfterSeconds'] as const

/** Reads a mode. Throws a RangeError that names the kinds there are, or the member that is no whole number. */
function parseMode<Kind extends string>(kinds: readonly Kind[], value: unknown): Mode<Kind> {
  const given: Record<string, unknown> = typeof value === 'object' && value ? { ...value } : {}
  const kind = kinds.find((candidate) => candidate === given['kind'])
  if (!kind) throw new RangeError(`kind is one of ${kinds.join(', ')}`)
  const mode: Mode<Kind> = { kind }
  for (const name of numbers) {
    const number = given[name]
    if (number === undefined) continue
    if (typeof number !== 'number' || !Number.isInteger(number) || number < 0) throw new RangeError(`${name} is a whole number`)
    mode[name] = number
  }
  return mode
}

/** The mode that a stand-in is in. */
export type ModeSwitch<Kind extends string> = { set(value: unknown): void; current(): Mode<Kind>; take(): Mode<Kind> }

/** Begins in `accept`. `take` uses the mode once: one with a count goes back to accepting when the count is used up. */
export function createModeSwitch<Kind extends string>(kinds: readonly Kind[], accept: Kind): ModeSwitch<Kind> {
  let mode: Mode<Kind> = { kind: accept }
  return {
    set: (value) => (mode = parseMode(kinds, value)),
    current: () => mode,
    take() {
      const taken = mode
      if (taken.times !== undefined) mode = taken.times > 1 ? { ...taken, times: taken.times - 1 } : { kind: accept }
      return taken
    },
  }
}
