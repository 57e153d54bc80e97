// Loaded with --require, has a program on this machine take it for Windows: for what it decides by that alone. Windows
// always says where temporary files go; without that, Node would make a folder for its compile cache where it stands.
process.env.TEMP = require('node:os').tmpdir();
Object.defineProperty(process, 'platform', { value: 'win32' });
