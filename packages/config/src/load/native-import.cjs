'use strict';

// A real import() for both builds: the compiler turns the one in the CommonJS build into require().
exports.nativeImport = (url) => import(url);
