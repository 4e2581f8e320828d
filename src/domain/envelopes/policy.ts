// The numbers of envelopes.
import { DAY_MS, SECOND_MS } from '../../lib/durations.ts'
import type { LimitWindow } from '../ports.ts'

/** How long signers have if the sender says nothing. */
export const defaultLifeMs = 30 * DAY_MS
/** Requests that one signer is sent again. */
export const resendWindow: LimitWindow = { name: 'resends', limit: 5, windowMs: DAY_MS }
/** A document that no law and no party wants in ink: what a sender declares by sending, unless it declares otherwise. */
export const defaultDocumentKind = 'agreement'
/** A part of the service that is away is asked again after this long. */
export const awayMs = 5 * SECOND_MS
