module.exports = { preset: '@pg-evict/jest', setupFiles: ['<rootDir>/setup.js'] };
