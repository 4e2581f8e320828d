// A value that must never be printed. Every string, JSON and console form of it is "[secret]".
import { inspect } from 'node:util'

/** Holds a secret; only `reveal()` gives it away, so a log line or an error that catches one is harmless. */
export class Secret {
  readonly #value: string

  constructor(value: string) {
    this.#value = value
  }

  reveal(): string {
    return this.#value
  }

  toString(): string {
    return '[secret]'
  }

  toJSON(): string {
    return '[secret]'
  }

  [inspect.custom](): string {
    return '[secret]'
  }
}
