// A program: resumes what the process that started it leaves paused when it is killed. It has a session of its own, so
// that whatever ends the process group does not end it. Its input says what is paused, password included.
import { guardAliases } from './poolers/guard-aliases.js';

process.stdout.write('ready\n');
void guardAliases(process.stdin).catch(() => {
  process.exitCode = 1;
});
