import { namedObjects, toType } from './to-type.mjs';

const about = {
  Config: 'The content of a configuration file.',
  ConnectionConfig: 'How to reach a server.',
  AdminConfig: 'Another role for administrative commands.',
  ProtectConfig: 'Databases that pg-evict must not change. All fields that are set must match.',
  PoolerConfig: 'A PgBouncer in front of the server.',
  SessionsConfig: 'How sessions are terminated.',
  KeepConfig:
    'Sessions that are never terminated. All fields that are set must match. `*` matches any characters, `?` matches one.',
  ConfirmConfig: 'When `--yes` is not enough, and the command asks for the name of the database.',
  FreshConfig: 'The commands that `pg-evict fresh` fills a database with.',
  UndoConfig: 'How long, and up to which size, replaced content is kept.',
  TestingConfig: 'Test databases.',
  TestServerConfig: 'A server for test databases.',
  TemplateConfig: 'The content of a test database.',
};

/** The TypeScript interfaces that an annotated JSON schema describes. */
export function toInterfaces(schema) {
  const interfaces = namedObjects(schema).map((object) => {
    if (about[object.title] === undefined) throw new Error(`Nothing says what ${object.title} is.`);
    const fields = Object.entries(object.properties).map(([name, node]) => {
      const isRequired = object.required?.includes(name);
      const optional = isRequired ? '' : '?';
      const undefinedToo = isRequired ? '' : ' | undefined';
      return `${comment(node)}\n  readonly ${name}${optional}: ${inUnion(node)}${undefinedToo};`;
    });
    return `/** ${about[object.title]} */\nexport interface ${object.title} {\n${fields.join('\n')}\n}\n`;
  });
  return `// Written by scripts/generate.mjs from src/schema: change that.\n\n${interfaces.join('\n')}`;
}

const inUnion = (node) => (node.functionType === undefined ? toType(node) : `(${toType(node)})`);

function comment({ description, byDefault }) {
  return byDefault === undefined
    ? `  /** ${description} */`
    : `  /**\n   * ${description}\n   * @default ${byDefault.replaceAll('`', '')}\n   */`;
}
