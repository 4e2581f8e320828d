// What a task of the sandbox is.
import type { InspectionReply } from '../contracts/inspection.ts'
import type { ByteSource } from './byte-source.ts'

/** Reads the input, which may be anything, and answers. What it throws is a crash. */
export type SandboxTask = (input: ByteSource, options: unknown) => InspectionReply | Promise<InspectionReply>
