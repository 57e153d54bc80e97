import { codingAgentOf } from '../context/coding-agent.js';
import type { CommandContext } from '../context/command-context.js';
import { examineConnection, locateServer } from '../context/engine.js';
import { isProduction } from '../context/production.js';
import { printable } from '../terminal/printable.js';
import { networksOfThisMachine, whyElsewhere } from './elsewhere.js';

/** Why a yes is not enough. */
export interface Obstacle {
  readonly kind: 'elsewhere' | 'production' | 'agent';
  /** A clause: `NODE_ENV is production`. */
  readonly reason: string;
}

/**
 * The reasons why a yes is not enough for a target. The server is asked only if its address says that it is on this
 * machine, and nothing else says otherwise.
 */
export async function obstaclesOf(context: CommandContext): Promise<Obstacle[]> {
  const obstacles: Obstacle[] = [];
  const location = locateServer(context.target);
  const { NODE_ENV: environment } = process.env;
  const { env: option } = context.options;
  if (!location.local) {
    obstacles.push({ kind: 'elsewhere', reason: `the server ${location.server} is not on this machine` });
  }
  if (isProduction(environment)) {
    obstacles.push({ kind: 'production', reason: `NODE_ENV is ${printable(environment ?? '')}` });
  } else if (isProduction(option)) {
    obstacles.push({ kind: 'production', reason: `--env is ${printable(option ?? '')}` });
  }
  if (obstacles.length === 0 && context.confirm.tunnels) {
    const facts = await examineConnection(context.target, context.deadline);
    const elsewhere = whyElsewhere(facts, networksOfThisMachine());
    if (elsewhere !== undefined) {
      obstacles.push({ kind: 'elsewhere', reason: `${facts.server} ${printable(elsewhere)}` });
    }
  }
  const agent = context.confirm.agents ? codingAgentOf(process.env) : undefined;
  if (agent !== undefined) {
    obstacles.push({
      kind: 'agent',
      reason: `${printable(agent.name)} runs this command (${agent.variable} is set)`,
    });
  }
  return obstacles;
}
