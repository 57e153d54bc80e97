/** Words with which people name the environment of their users. */
const names = new Set(['live', 'prd', 'prod', 'production']);

/** Words before them that mean the opposite: `pre-prod`, `non-production`. */
const opposites = new Set(['no', 'non', 'not', 'pre']);

/** Whether the name of an environment means production: `production`, `Prod`, `eu-prod`, `prod1`, `production_eu`. */
export function isProduction(environment: string | undefined): boolean {
  const words = (environment ?? '').toLowerCase().split(/[^a-z]+/);
  return words.some((word) => names.has(word)) && !words.some((word) => opposites.has(word));
}
