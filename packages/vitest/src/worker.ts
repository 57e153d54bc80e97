export {
  borrowDatabase,
  resetDatabase,
  type BorrowDatabaseOptions,
  type BorrowedDatabase,
} from '@pg-evict/testing/worker';
