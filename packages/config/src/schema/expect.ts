import { durationMs } from '@pg-evict/core/internal/text';
import * as v from 'valibot';

export { safeParse } from 'valibot';

/**
 * The building blocks of the schema. A message describes the expected value, in words: it is printed after "expected".
 */

export const text = v.pipe(v.string('a string'), v.nonEmpty('a string that is not empty'));
export const flag = v.boolean('true or false');

/** A function; JSON and YAML cannot hold one, so it does not appear in the JSON schema. */
export const fn = <T>(type: string) =>
  v.pipe(
    v.custom<T>((value) => typeof value === 'function', 'a function'),
    v.metadata({ functionType: type }),
  );

/** An optional setting with its documentation: the source of the TSDoc, the JSON schema and docs/configuration.md. */
export const setting = <S extends v.GenericSchema>(schema: S, description: string, byDefault?: string) =>
  v.optional(v.pipe(schema, v.metadata({ description, byDefault })));

const durationExpected = "milliseconds, or a duration like '30s', '500ms', '2m', '1h'";

/** A number of milliseconds, or `'30s'`. */
export const duration = v.union(
  [
    v.pipe(v.number(durationExpected), v.finite(durationExpected), v.minValue(0, durationExpected)),
    v.pipe(
      v.string(durationExpected),
      v.check((value) => !Number.isNaN(durationMs(value)), durationExpected),
      v.transform((value) => durationMs(value)),
    ),
  ],
  durationExpected,
);

const unitsBytes: Readonly<Record<string, number>> = {
  kB: 1024,
  MB: 1024 ** 2,
  GB: 1024 ** 3,
  TB: 1024 ** 4,
};
const sizePattern = /^\s*(\d+(?:\.\d+)?)\s*(kB|MB|GB|TB)\s*$/;
const sizeExpected = "a number of bytes, or a size like '500MB', '20GB'";

/** A number of bytes, or `'20GB'`: units of 1024, as PostgreSQL's. */
export const size = v.union(
  [
    v.pipe(v.number(sizeExpected), v.finite(sizeExpected), v.minValue(0, sizeExpected)),
    v.pipe(
      v.string(sizeExpected),
      v.regex(sizePattern, sizeExpected),
      v.transform((value) => {
        const [, number, unit = ''] = sizePattern.exec(value) ?? [];
        return Math.round(Number(number) * (unitsBytes[unit] ?? Number.NaN));
      }),
    ),
  ],
  sizeExpected,
);

const portExpected = 'a port from 1 to 65535';

/** A port, also as a string, as in an environment variable. */
export const port = v.union(
  [
    v.pipe(
      v.number(portExpected),
      v.integer(portExpected),
      v.minValue(1, portExpected),
      v.maxValue(65_535, portExpected),
    ),
    v.pipe(
      v.string(portExpected),
      v.regex(/^[1-9]\d{0,4}$/, portExpected),
      v.check((value) => Number(value) < 65_536, portExpected),
      v.transform(Number),
    ),
  ],
  portExpected,
);

/** One value or several. */
export const oneOrMore = v.union([text, v.array(text, 'a list')], 'a string, or a list of strings');

/** Refuses an object that says nothing. */
export const saysSomething = <T extends object>(expected: string) =>
  v.check<T, string>((value) => Object.values(value).some((field) => field !== undefined), expected);

/** An object that may have these keys and no others. valibot accepts a list as an object; this does not. */
export function section<const T extends v.ObjectEntries>(entries: T, expected: string) {
  const schema = v.strictObject(entries, expected);
  const noList = v.never(expected);
  const run: (typeof schema)['~run'] = (dataset, config) =>
    Array.isArray(dataset.value) ? noList['~run'](dataset, config) : schema['~run'](dataset, config);
  return { ...schema, '~run': run };
}
