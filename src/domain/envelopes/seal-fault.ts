// Why sealing stops, for good or for now. What is neither of these is waited for like a part of the service that is away.

/** No repetition helps: the envelope ends as `seal_failed` with this word. */
export class SealingFailed extends Error {
  constructor(reason: string) {
    super(reason)
    this.name = 'SealingFailed'
  }
}

/** The document brought down a process that worked on it, or what was stored came back as something else: that happens once, not twice. */
export class SealingUpset extends Error {
  constructor(reason: string) {
    super(reason)
    this.name = 'SealingUpset'
  }
}

/** Another run has come further: this one has nothing to do any more. */
export class SealingOvertaken extends Error {
  constructor() {
    super('overtaken')
    this.name = 'SealingOvertaken'
  }
}
