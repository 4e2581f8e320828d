// The words for whoever opens a bundle, perhaps years later and without us.
import type { BundleKind } from '../evidence-ports.ts'

const envelopeFiles = `original.pdf       the document as it was sent
sealed.pdf         the same bytes, followed by the certificate pages (unless the document was signed before) and the seal
certificate.pdf    the certificate of completion as a file of its own
envelope.json      who sent what to whom, what the sender declared, and the facts of the seal
acts.json          what each signer and the service did, in order; each act is hashed with the one before
certificates.pem   the certificates inside the seal; those of earlier signatures are inside the PDF files
signatures.json    what our own analyser said of the signatures in both PDF files`

const documentFiles = `document.pdf       the document
document.json      its facts
signatures.json    what our own analyser said of its signatures`

/** Plain text, lines of at most 100 characters. */
export function readmeOf({
  kind,
  subject,
  createdAt,
  publicUrl,
}: {
  kind: BundleKind
  subject: string
  createdAt: string
  publicUrl: string
}): string {
  return `Evidence of ${kind} ${subject}
Made on ${createdAt} by ${publicUrl}

FILES
${kind === 'envelope' ? envelopeFiles : documentFiles}
retention.json     for how long it is kept
audit.ndjson       the entries of the audit trail that tell of it, in full. Entries of others in between show
                   only their place and hashes; "omitted" says how many are not listed
checkpoint.jws     our signature over the end of the trail at a time after these entries
jwks.json          the public key that checks checkpoint.jws and manifest.jws
manifest.json      size and SHA-256 of every other file; manifest.jws is our signature over it
verify.ts          checks all of this

HOW TO VERIFY
1. Unpack the archive into an empty folder.
2. With Node.js 22.18 or later: node verify.ts
   It needs no network and no package. It names each file that is not what it was, and exits with 1.
3. Compare jwks.json with ${publicUrl}/.well-known/jwks.json, or with a copy that you kept. Whoever could
   make a bundle of their own would put a key of their own beside it: this step is yours.
4. Do not take verify.ts from a bundle that you doubt: it is part of our published source.
5. Any PDF reader that checks signatures can judge sealed.pdf by itself.

By hand: the hash of an act or an entry is the SHA-256 of its JSON (RFC 8785) without "hash" (of an act also
without "isErased"). checkpoint.jws and manifest.jws are compact JWS (RFC 7515) with Ed25519.

WHAT IT DOES NOT SAY
The hashes of other people's entries cannot be made anew from this bundle: it does not hold their content.
Times are those of our server's clock unless a signature carries a time-stamp.
This bundle records what happened. It does not decide validity, is not legal advice and claims no accreditation.
Bundles of envelopes hold personal data: names, addresses, and what was typed.
`
}
