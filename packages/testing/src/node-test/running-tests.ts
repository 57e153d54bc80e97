/** The context of a test. */
export interface RunningTest {
  readonly name: string;
  /** With the names of the tests around it. */
  readonly fullName?: string | undefined;
}

/** Which tests run: several at a time are those of a parent, or run at the same time. */
export class RunningTests {
  readonly #names: string[] = [];

  /** @returns what runs now, for a report */
  begin(test: RunningTest): string {
    const name = nameOf(test);
    const isWithin = this.#names.every((other) => name.startsWith(`${other} > `));
    this.#names.push(name);
    return isWithin ? `during "${name}"` : 'while tests ran at the same time';
  }

  end(test: RunningTest): void {
    const index = this.#names.lastIndexOf(nameOf(test));
    if (index >= 0) this.#names.splice(index, 1);
  }

  get count(): number {
    return this.#names.length;
  }
}

const nameOf = ({ name, fullName = name }: RunningTest): string => fullName;
