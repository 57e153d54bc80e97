import fs from 'node:fs';

// The functions as they are before a test replaces them.
export const {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmdirSync,
  unlinkSync,
  watch,
  writeFileSync,
} = fs;

export const { readFile, rm } = fs.promises;
