/** A list of names as `registerEnumType` takes it: each name is its own value, as in REST. */
export const enumOf = <Name extends string>(names: readonly Name[]): Readonly<Record<Name, Name>> =>
  Object.fromEntries(names.map((name) => [name, name])) as Record<Name, Name>;
