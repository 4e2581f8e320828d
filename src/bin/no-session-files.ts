// In the place of whoever keeps files under session UUIDs, until uploads take part: their own sweep removes unfinished ones after two idle hours, which is
// long before a session UUID is abandoned.
import type { SessionFiles } from '../domain/session-ports.ts'

export const noSessionFiles: SessionFiles = { removeAbandoned: async () => {} }
