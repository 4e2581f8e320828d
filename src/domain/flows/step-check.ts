// Compiles the JSON Schema of a step (2020-12) and says what is wrong with a step's data, by JSON pointer. Values are never quoted.
import type { ErrorObject, ValidateFunction } from 'ajv'
import { Ajv2020 } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import type { FieldFault } from '../../errors.ts'

/** What is wrong with a step's data. `unknown` are fields that the schema has no place for, `faults` all else. */
export type StepFaults = { faults: readonly FieldFault[]; unknown: readonly FieldFault[] }

export type StepCheck = {
  /** The names of the step's own fields. */
  fields: ReadonlySet<string>
  check: (data: unknown) => StepFaults
}

const maxFaults = 32

/** Compiles one schema. Throws an Error whose message says what ajv does not accept about it. */
export function compileStep(schema: Readonly<Record<string, unknown>>): StepCheck {
  // A compiler of its own, so that an `$id` used in two files is no clash.
  const ajv = new Ajv2020({
    allErrors: true,
    strict: true,
    strictRequired: false,
    strictTypes: false,
    ownProperties: true,
    validateSchema: false,
  })
  addFormats.default(ajv)
  const validate = ajv.compile(schema)
  const fields = new Set(Object.keys(typeof schema['properties'] === 'object' && schema['properties'] !== null ? schema['properties'] : {}))
  return { fields, check: (data) => faultsOf(validate, data) }
}

/** Knows the draft’s own schema; made once, since compiling that takes longer than all of ours. */
let metaschema: Ajv2020 | undefined

/** The faults of the schema itself, as the draft's own schema sees them, with the path to each. */
export function schemaFaults(schema: Readonly<Record<string, unknown>>): { path: string[]; message: string }[] {
  metaschema ??= new Ajv2020({ allErrors: true })
  if (metaschema.validateSchema(schema) === true) return []
  // One fault for each place: of "neither this nor that" the first says enough.
  const byPlace = new Map(
    (metaschema.errors ?? []).toReversed().map(({ instancePath, message = 'is not valid' }) => [instancePath, message]),
  )
  return [...byPlace].map(([place, message]) => ({ path: place.split('/').slice(1).map(unescape), message }))
}

function faultsOf(validate: ValidateFunction, data: unknown): StepFaults {
  if (validate(data)) return { faults: [], unknown: [] }
  const errors = (validate.errors ?? []).filter(({ keyword }) => keyword !== 'if')
  const isUnknown = ({ keyword }: ErrorObject): boolean => keyword === 'additionalProperties'
  return {
    faults: errors
      .filter((error) => !isUnknown(error))
      .slice(0, maxFaults)
      .map(toFault),
    unknown: errors
      .filter(isUnknown)
      .slice(0, maxFaults)
      .map((error) => ({ pointer: pointerOf(error), message: 'is not a known field' })),
  }
}

function toFault(error: ErrorObject): FieldFault {
  return { pointer: pointerOf(error), message: error.keyword === 'required' ? 'is required' : (error.message ?? 'is not valid') }
}

/** Of a member that is missing or unknown the pointer names the member, not the object around it. */
function pointerOf({ instancePath, keyword, params }: ErrorObject): string {
  const member: unknown =
    keyword === 'required' || keyword === 'dependentRequired' ? params['missingProperty'] : params['additionalProperty']
  return typeof member === 'string' ? `${instancePath}/${member.replaceAll('~', '~0').replaceAll('/', '~1')}` : instancePath
}

function unescape(segment: string): string {
  return segment.replaceAll('~1', '/').replaceAll('~0', '~')
}
