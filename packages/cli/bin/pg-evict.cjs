#!/usr/bin/env node
// Stands outside dist so that package managers can link it before the first build.
'use strict';

// Node ≥ 22.1 keeps compiled code between runs. Before anything else is loaded, or it is not kept.
require('node:module').enableCompileCache?.();
// oxlint-disable-next-line no-unassigned-import -- it runs when it is loaded
require('../dist/main.cjs');
