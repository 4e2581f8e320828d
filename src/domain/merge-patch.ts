// JSON merge patch (RFC 7396) on plain JSON values.

export type JsonObject = { readonly [name: string]: unknown }

/** The target with the patch applied: objects merge, null removes, everything else replaces. Neither argument is changed. */
export function mergePatch(target: JsonObject, patch: JsonObject): JsonObject {
  // Without a prototype while it is built, so that no member's name can mean more than a member.
  const merged = new Map(Object.entries(target))
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) merged.delete(name)
    else if (isJsonObject(value)) {
      const before = merged.get(name)
      merged.set(name, mergePatch(isJsonObject(before) ? before : {}, value))
    } else merged.set(name, value)
  }
  return Object.fromEntries(merged)
}

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
