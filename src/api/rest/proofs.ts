// Proofs over HTTP: spending one, and the keys for those who check them offline.
import { randomUUID } from 'node:crypto'
import { publicKeySet } from '../../contracts/receipt.ts'
import { verifyProofRequest, verifyProofResponse } from '../../contracts/verification.ts'
import { runIdempotent } from '../../domain/idempotency.ts'
import { verifyProof } from '../../domain/verification/proofs.ts'
import type { ApiDeps } from '../deps.ts'
import { contextOf } from '../request-context.ts'
import { routeWithBody, type Route } from '../route.ts'

const tag = 'Proofs'

/** The routes of proofs. */
export function proofRoutes(deps: ApiDeps): Route[] {
  return [
    routeWithBody({
      method: 'post',
      path: '/v1/proofs/verify',
      access: 'credential',
      limit: 'general',
      body: { schema: verifyProofRequest },
      doc: {
        id: 'verifyProof',
        tag,
        summary: 'Use a proof, once',
        details: 'For servers: tells whom a proof is about, with the destination in full. A proof lives five minutes.',
        parameters: [{ in: 'header', name: 'Idempotency-Key', means: 'The same key and body give the same answer for 24 hours.' }],
        example: { proof: 'eyJhbGciOiJFZERTQSIs…' },
        answers: [{ status: 200, means: 'The proof was valid and is now used.', schema: verifyProofResponse }],
        problems: [
          'invalid_request',
          'unauthenticated',
          'verification_not_found',
          'proof_used',
          'proof_expired',
          'idempotency_key_reused',
          'idempotency_key_in_progress',
        ],
      },
      handle: async (call, body) => {
        const work = (useId: string) => verifyProof(deps, call.caller, body.proof, useId, contextOf(call))
        const { answer, replayed } = await runIdempotent(
          deps,
          call.caller,
          'POST /v1/proofs/verify',
          contextOf(call),
          body,
          work,
          randomUUID(),
        )
        if (replayed) call.res.setHeader('Idempotent-Replayed', 'true')
        call.res.json(answer)
      },
    }),
    {
      method: 'get',
      path: '/.well-known/jwks.json',
      access: 'open',
      limit: 'none',
      doc: {
        id: 'getProofKeys',
        tag,
        summary: 'Read the public keys of proofs',
        details: 'A proof is a compact JWS (EdDSA, `typ` proof+jwt, `aud` sallyport-proof, `iss` the address of this service).',
        answers: [{ status: 200, means: 'A JSON Web Key Set; keep it for an hour.', schema: publicKeySet }],
        problems: [],
      },
      handle: ({ res }) => {
        res.setHeader('Cache-Control', 'public, max-age=3600')
        res.json(deps.jwks())
      },
    },
  ]
}
