/** What coding agents set for the commands they run: with it the command refuses `--yes`. */
const ofAgents =
  /^(?:AI_AGENT|AGENT|CLAUDECODE|CRUSH|QWEN_CODE|(?:AMP|ANTIGRAVITY|AUGMENT|CLINE|CODEX|COPILOT|CURSOR|GEMINI|GOOSE|OPENCODE|PI|ROO|TRAE)_\w+)$/;

/** Takes it out of this process's environment, so that tests run as they do for a person, whoever runs them. */
export function forgetAgents() {
  for (const name of Object.keys(process.env)) if (ofAgents.test(name)) delete process.env[name];
}
