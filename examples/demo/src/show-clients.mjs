import { sayList, sayTitle } from './say.mjs';

/** Says what each client went through. */
export async function showClients({ all }) {
  const stories = await Promise.all(all.map(async (client) => [client.name, await client.story()]));
  sayTitle('What the clients went through (57P01: ended by an administrator)');
  sayList(stories);
}
