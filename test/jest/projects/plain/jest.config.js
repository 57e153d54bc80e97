module.exports = { preset: '@pg-evict/jest' };
