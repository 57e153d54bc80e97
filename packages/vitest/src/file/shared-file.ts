import { TestFile } from './test-file.js';
import { realmState } from './realm-state.js';

/**
 * A test file that shares modules with others of its worker (`isolate: false`), and so their pools: what they leave open
 * is no leak, and the database stays the same; it is reset after each file. Sessions that are idle stay connected where
 * rows are put back; others are ended without an error.
 */
export class SharedFile extends TestFile {
  override readonly finish = async (): Promise<void> => {
    this.isOver = true;
    const state = realmState();
    state.reset =
      this.database.settings.isolation === 'run' ? Promise.resolve() : this.database.reset(this.path);
    // Told to the next file, if there is one.
    state.reset.catch(() => undefined);
    return Promise.resolve();
  };
}
