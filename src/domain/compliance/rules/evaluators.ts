// Which evaluator answers which rule. It does not compile until every rule has one.
import type { RuleId } from '../../../contracts/rule-set.ts'
import type { Evaluator } from '../finding.ts'
import { consent, deliberateAct, originator, review } from './acts.ts'
import { contraryIntention, documentKind, readable } from './admissible.ts'
import { control, faceToFace, factors, identification, link, uniqueness } from './advanced.ts'
import { claims, consumer } from './claims.ts'
import { access, copies, display, format, integrity, produce } from './file.ts'
import { accreditation, chain as certificateChain, content, foreignness, keyUse, limits, revocation } from './recognised.ts'
import { affidavit, chain, dispatch, metadata, retention, system } from './record.ts'
import { requiredClass } from './required-class.ts'
import { algorithms, changes, coverage, intactness, signingTime } from './signatures.ts'

export const evaluators: Readonly<Record<RuleId, Evaluator>> = {
  'ETA-16-EXCLUDED': documentKind,
  'ETA-17-CONSENT': consent,
  'ETA-17-READABLE': readable,
  'ETA-19-ACCESS': access,
  'ETA-21-INTEGRITY': integrity,
  'ETA-21-DISPLAY': display,
  'ETA-22-PRODUCE': produce,
  'ETA-23-COPIES': copies,
  'ETA-24-FORMAT': format,
  'ETA-24-META': metadata,
  'ETA-24-RETENTION': retention,
  'ETA-25-CHAIN': chain,
  'ETA-25-SYSTEM': system,
  'ETA-25-ORIGINATOR': originator,
  'ETA-25-AFFIDAVIT': affidavit,
  'ETA-29-DISPATCH': dispatch,
  'ETA-33-REVIEW': review,
  'ETA-1-ACT': deliberateAct,
  'ETA-20-CLASS': requiredClass,
  'ETA-20-CONTRARY': contraryIntention,
  'SIG-COVERAGE': coverage,
  'SIG-INTACT': intactness,
  'SIG-CHANGES': changes,
  'SIG-ALG': algorithms,
  'AES-A-UNIQUE': uniqueness,
  'AES-B-IDENTIFY': identification,
  'AES-C-CONTROL': control,
  'AES-D-LINK': link,
  'AES-FACTORS': factors,
  'AES-F2F': faceToFace,
  'RES-CHAIN': certificateChain,
  'RES-ACCREDITED': accreditation,
  'RES-CONTENT': content,
  'RES-KEYUSE': keyUse,
  'RES-REVOCATION': revocation,
  'RES-LIMITS': limits,
  'RES-FOREIGN': foreignness,
  'SIG-TIME': signingTime,
  'CON-34-INFO': consumer,
  'CON-35-COOLING': consumer,
  'CLAIM-48': claims,
}
