import { beginMocha, type MochaPlugin } from './mocha/begin-mocha.js';

/** A root hook plugin for Mocha: `mocha --require @pg-evict/testing/mocha`. Mocha waits for it while it is built. */
const plugin: Promise<MochaPlugin> = beginMocha();

export default plugin;
