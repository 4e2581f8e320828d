// The operator's commands: `npm run cli -- <command>`. Each is a file in commands/; this one only finds it and turns failure into an exit code.
import { readEnvironment } from '../config.ts'
import { runFilePath } from '../lib/run-file.ts'
import { runAudit } from './commands/audit.ts'
import { runDoctor } from './commands/doctor.ts'
import { runKeys } from './commands/keys.ts'
import { runRules } from './commands/rules.ts'
import { runSettings } from './commands/settings.ts'
import { runToken } from './commands/token.ts'
import { runUploads } from './commands/uploads.ts'

type Command = { summary: string; run: (args: string[], env: NodeJS.ProcessEnv) => Promise<void> }

const commands: Record<string, Command> = {
  token: {
    summary: 'a development JWT: --sub alice [--email a@example.com] [--phone +1…] [--roles admin,system] [--ttl seconds]',
    run: runToken,
  },
  doctor: { summary: 'checks every part that the settings name', run: runDoctor },
  rules: { summary: '[--check]: the rules of compliance checks, and whether their files are whole', run: runRules },
  settings: { summary: 'the table of settings, as Markdown', run: runSettings },
  keys: {
    summary: 'create --name NAME [--scopes a,b] · list · rotate ID [--overlap seconds] · revoke ID: API keys, shown once',
    run: runKeys,
  },
  uploads: { summary: 'orphans: objects in storage that no record knows', run: runUploads },
  audit: { summary: 'verify [--file F] · export [filters] · tail [--after N] · rotate --keep-days N: the audit trail', run: runAudit },
}

const [name = '', ...args] = process.argv.slice(2)
const command = Object.hasOwn(commands, name) ? commands[name] : undefined
if (command) {
  try {
    await command.run(args, readEnvironment(runFilePath))
  } catch (error) {
    console.error(error instanceof Error ? error.message : error)
    process.exitCode = 1
  }
} else {
  const rows = Object.entries(commands).map(([command, { summary }]) => `  ${command.padEnd(10)}${summary}`)
  console.error(`usage: npm run cli -- <command>\n${rows.join('\n')}`)
  process.exitCode = 2
}
