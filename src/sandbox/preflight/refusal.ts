// Why the preflight does not let a document through.

/** The message is a short word for people and logs. */
export class Refusal extends Error {}
