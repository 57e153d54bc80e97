/**
 * Variables that coding agents set for the commands they run, and not for the terminal of a person: so no
 * CURSOR_TRACE_ID, REPL_ID or TERM_PROGRAM. AI_AGENT and AGENT name the agent themselves.
 */
const marks: readonly (readonly [variable: string, agent: string])[] = [
  ['AMP_CURRENT_THREAD_ID', 'Amp'],
  ['ANTIGRAVITY_AGENT', 'Antigravity'],
  ['AUGMENT_AGENT', 'Augment'],
  ['CLAUDECODE', 'Claude Code'],
  ['CLINE_ACTIVE', 'Cline'],
  ['CODEX_CI', 'Codex'],
  ['CODEX_SANDBOX', 'Codex'],
  ['CODEX_SANDBOX_NETWORK_DISABLED', 'Codex'],
  ['CODEX_THREAD_ID', 'Codex'],
  ['COPILOT_CLI', 'GitHub Copilot CLI'],
  ['CRUSH', 'Crush'],
  ['CURSOR_AGENT', 'Cursor'],
  ['GEMINI_CLI', 'Gemini CLI'],
  ['GOOSE_TERMINAL', 'Goose'],
  ['OPENCODE', 'OpenCode'],
  ['OPENCODE_CLIENT', 'OpenCode'],
  ['PI_CODING_AGENT', 'Pi'],
  ['QWEN_CODE', 'Qwen Code'],
  ['ROO_ACTIVE', 'Roo Code'],
  ['TRAE_AI_SHELL_ID', 'Trae'],
];

/** AGENT is a word that other programs use too: it counts only with the name of an agent. */
const named =
  /^(?:amp|augment|claude|cline|codex|copilot|crush|cursor|devin|gemini|goose|opencode|pi|qwen|roo)\b/i;

/** A coding agent that runs this command, and the variable that shows it. */
export interface CodingAgent {
  readonly name: string;
  readonly variable: string;
}

/** The coding agent that runs this command, as far as a variable shows it. */
export function codingAgentOf(env: NodeJS.ProcessEnv): CodingAgent | undefined {
  const { AI_AGENT: generic = '', AGENT: agent = '' } = env;
  const mark = marks.find(([variable]) => isSet(env[variable]));
  if (mark !== undefined) return { variable: mark[0], name: mark[1] };
  if (isSet(generic))
    return { variable: 'AI_AGENT', name: /^[\w.@ -]{1,40}$/.test(generic) ? generic : 'an agent' };
  return named.test(agent) ? { variable: 'AGENT', name: agent.slice(0, 40) } : undefined;
}

const isSet = (value: string | undefined): boolean =>
  value !== undefined && !/^(?:|0|false|no|off)$/i.test(value.trim());
