/** Shared by the packages of pg-evict. Not part of the public API: it can change in any version without notice. */
export { beginElsewhere } from './host/begin-elsewhere.js';
export { beginForOthers } from './host/begin-for-others.js';
export { hostUntilRunnerEnds } from './host/detached.js';
export { endOnSignals } from './host/end-on-signals.js';
export { endRunsElsewhere, endRunsOfOthers } from './host/end-elsewhere.js';
export { openHost } from './host/host.js';
export { configurationFolder, type ConfigurationFolder } from './run/configuration-folder.js';
export { variablesOutside } from './run/variables-outside.js';
export { watchServer } from './run/watch-server.js';
export { ownServer } from './server/own-server.js';
export { setRunOver } from './wire/host-variable.js';
export { setVariables, withVariables } from './server/test-variables.js';
