import { TestFile } from './test-file.js';
import { realmState } from './realm-state.js';

/**
 * A test file that shares modules with others of its worker (`isolate: false`), and so their pools: sessions that it
 * leaves open are no leak, and the database stays the same; it is reset after each file. Idle sessions stay connected
 * while rows are undone; others are terminated without an error.
 */
export class SharedFile extends TestFile {
  override readonly finish = async (): Promise<void> => {
    this.isOver = true;
    const state = realmState();
    state.reset =
      this.database.settings.isolation === 'run' ? Promise.resolve() : this.database.reset(this.path);
    // Passed to the next file, if there is one.
    state.reset.catch(() => undefined);
    return Promise.resolve();
  };
}
