import { namedObjects, toType } from './to-type.mjs';

const about = {
  Config: 'What a configuration file holds.',
  ConnectionConfig: 'How to reach a server.',
  AdminConfig: 'Another role for administrative commands.',
  ProtectConfig: 'Databases never to be touched; all fields given must match.',
  SessionsConfig: 'How sessions are ended.',
  KeepConfig: 'Sessions that are never ended; all fields given must match. `*` any characters, `?` one.',
  TestingConfig: 'Test databases.',
  TestServerConfig: 'A server for test databases.',
  TemplateConfig: 'What a test database contains.',
};

/** The TypeScript interfaces that an annotated JSON schema describes. */
export function toInterfaces(schema) {
  const interfaces = namedObjects(schema).map((object) => {
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
