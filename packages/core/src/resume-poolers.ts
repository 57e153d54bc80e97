// A program: resumes the aliases that the process that started it leaves paused when it is killed. It runs in a session
// of its own, so that ending the process group does not end it. Its input lists the paused aliases, password included.
import { guardAliases } from './poolers/guard-aliases.js';

process.stdout.write('ready\n');
void guardAliases(process.stdin).catch(() => {
  process.exitCode = 1;
});
