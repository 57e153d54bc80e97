import type { Command } from 'commander';

/** Blockers that an operation may remove. Each removal loses something, so none is the default. */
const remedies = {
  rollbackPrepared: ['--rollback-prepared', 'roll back prepared transactions of the database'],
  dropSlots: ['--drop-slots', 'drop replication slots of the database that are in use'],
  dropSubscriptions: [
    '--drop-subscriptions',
    "drop the database's subscriptions; their slots on other servers remain",
  ],
  unsetTemplate: ['--unset-template', 'drop it even if it is marked as a template'],
} as const;

/** The options that allow it. */
export type RemedyFlags = { readonly [Remedy in keyof typeof remedies]?: true };

export function addRemedyOptions(command: Command, which: readonly (keyof typeof remedies)[]): Command {
  for (const remedy of which) {
    const [flag, description] = remedies[remedy];
    command.option(flag, description);
  }
  return command;
}
