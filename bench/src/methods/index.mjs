import { force } from './force.mjs';
import { oneLiner } from './one-liner.mjs';
import { pgEvict } from './pg-evict.mjs';

export const methods = [pgEvict, force, oneLiner];
