import { failureOf } from '../../support/core/failure.js';
import { describeWithPgbouncer, startPgbouncer } from '../../support/pgbouncer.js';
import { RunFixture } from '../../support/testing/run-fixture.js';

const fixture = new RunFixture();
afterAll(async () => fixture.cleanUp());

describeWithPgbouncer('a run that is begun through pgbouncer', () => {
  test('is told that it has no alias for the maintenance database', async () => {
    const pgbouncer = await startPgbouncer('session', { app: 'dbname=app' });
    try {
      const error = await failureOf(fixture.start({}, { url: pgbouncer.url('app') }));
      expect(error).toMatchObject({
        code: 'CONNECTION_FAILED',
        hint: 'PgBouncer says so: it has no alias for this database. Connect to the server itself.',
      });
    } finally {
      await pgbouncer.stop();
    }
  });
});
