// Loaded with --require, has a program on this machine take it for Windows: for what it decides by that alone.
Object.defineProperty(process, 'platform', { value: 'win32' });
