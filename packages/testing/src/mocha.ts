import { beginMocha, type MochaPlugin } from './mocha/begin-mocha.js';

/** A root hook plugin of Mocha's: `mocha --require @pg-evict/testing/mocha`. Mocha waits for it, as it is built. */
const plugin: Promise<MochaPlugin> = beginMocha();

export default plugin;
