#!/usr/bin/env node
// Stands outside dist so that package managers can link it before the first build.
import module from 'node:module';

// Node ≥ 22.1 keeps compiled code between runs. Before anything else is loaded, or it is not kept.
module.enableCompileCache?.();
await import('../dist/main.js');
