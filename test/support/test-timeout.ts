// Jest knows one `testTimeout` for all projects of a run; a project with longer tests names its own.
declare const testTimeoutMs: number;

jest.setTimeout(testTimeoutMs);
