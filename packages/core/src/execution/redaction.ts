/**
 * What is secret, and how it is kept out of all that is stored, shown or logged: by value, for every variable of the
 * environment whose name says so and every password in an address; by form, for tokens, signatures and keys; by name, for
 * fields of logs, errors and metadata. Whatever a step's process tells passes here once, before anybody keeps it.
 */
import type { BuiltOutput, CheckRecord, FromChild } from "./step-protocol.ts";

export interface Redactor {
  text(text: string): string;
  /** Every text in a JSON value, and what stands under a name that says that it is secret. */
  value<Value>(value: Value): Value;
  message(message: FromChild): FromChild;
  /** How many of a text's last characters may be the beginning of a secret that goes on in the next piece. */
  unfinished(text: string): number;
}

type Environment = Readonly<Record<string, string | undefined>>;

const secretVariable =
  /SECRET|TOKEN|PASSW|PASSPHRASE|CREDENTIAL|PRIVATE_?KEY|API_?KEY|ACCESS_KEY$|ENCRYPTION_?KEY|_(?:KEY|PASS|PWD|AUTH|DSN|PIN|SALT|PEPPER)$/i;
const secretField =
  /^(?:password|passwd|passphrase|secret|(?:access|refresh|api|auth|session|security)?[_-]?token|api[_-]?key|private[_-]?key|secret[_-]?(?:access[_-]?)?key|authorization|cookie|set-cookie|credentials?)$/i;
/** A shorter one would be found in all kinds of words. */
const shortest = 6;
const marked = (name: string): string => `[secret ${name}]`;

/** What betrays itself by its form, with what is left of it. */
const forms: readonly (readonly [pattern: RegExp, left: string])[] = [
  [/iroko_([0-9a-z]{12})_[\w-]{43}/g, "iroko_$1_[secret]"],
  [/(:\/\/[^\s:@/"']{0,200}:)[^\s@/"']{1,500}(?=@)/g, "$1[secret]"],
  [/(X-Amz-(?:Signature|Credential|Security-Token)=)[^&\s"'<>]+/gi, "$1[secret]"],
  [/(Signature=)[0-9a-f]{64}/gi, "$1[secret]"],
  [/((?:bearer|basic) +)[\w.~+/=-]{12,}/gi, "$1[secret]"],
  [/-----BEGIN ([A-Z ]*PRIVATE KEY)-----[^]*?(?:-----END \1-----|$)/g, "[secret $1]"],
];
/** A word with one of these in it may go on as a secret. */
const begunForm = /iroko_|:\/\/|X-Amz-|Signature=|BEGIN/i;
const longestWord = 600;
/** And what may be the beginning of such a one: letters, as of an address's scheme. */
const beginning = /(?:[a-z][a-z0-9+.-]{0,20}(?::\/?)?)?$/i;

export function redactorOf(...environments: readonly Environment[]): Redactor {
  const names = new Map(environments.flatMap((environment) => Object.entries(environment).flatMap(secretsIn)));
  const values = [...names.keys()].toSorted((a, b) => b.length - a.length);
  const known =
    values.length === 0 ? undefined : new RegExp(values.map((value) => RegExp.escape(value)).join("|"), "g");

  const text = (given: string): string => {
    const named = known === undefined ? given : given.replace(known, (value) => marked(names.get(value)!));
    return forms.reduce((rest, [pattern, left]) => rest.replace(pattern, left), named);
  };

  const value = <Value>(given: Value, isSecret = false): Value => {
    const redacted = (part: unknown): unknown => {
      if (typeof part === "string") return isSecret ? "[secret]" : text(part);
      if (Array.isArray(part)) return part.map((item: unknown) => value(item, isSecret));
      if (!isRecord(part)) return part;
      const fields = Object.entries(part).map(([name, field]) => [
        name,
        // A metadata value says its type beside it.
        name === "type" ? field : value(field, isSecret || secretField.test(name)),
      ]);
      return Object.fromEntries(fields) as unknown;
    };
    return redacted(given) as Value;
  };

  const check = <Check extends CheckRecord>(record: Check): Check => {
    const { message, sample, metadata } = record;
    return {
      ...record,
      ...(message === undefined ? {} : { message: text(message) }),
      ...(sample === undefined ? {} : { sample: value(sample) }),
      ...(metadata === undefined ? {} : { metadata: value(metadata) }),
    };
  };
  const output = (built: BuiltOutput): BuiltOutput => ({
    ...built,
    metadata: value(built.metadata),
    checks: built.checks.map(check),
  });

  return {
    text,
    value,
    message(message) {
      switch (message.type) {
        case "log": {
          const { fields } = message;
          return {
            ...message,
            message: text(message.message),
            ...(fields === undefined ? {} : { fields: value(fields) }),
          };
        }
        case "built":
          return { ...message, output: output(message.output) };
        case "observed":
          return { ...message, metadata: value(message.metadata) };
        case "checked":
          return { ...message, check: check(message.check) };
        case "failed":
        case "broken":
          return { ...message, error: value(message.error) };
        case "mappingEnded":
          return message.error === undefined ? message : { ...message, error: value(message.error) };
        default:
          return message;
      }
    },
    unfinished(given) {
      const word = /\S*$/.exec(given.slice(-longestWord))![0];
      const form = begunForm.test(word) && word.length < longestWord ? word : beginning.exec(word)![0];
      let cut = given.length - Math.max(form.length, begunValue(given));
      // A whole one that lies across the cut belongs to what is kept.
      for (const { index, 0: found } of known === undefined ? [] : given.matchAll(known))
        if (index < cut && cut < index + found.length) cut = index;
      return given.length - cut;
    },
  };

  function begunValue(given: string): number {
    const begun = values.map((secret) => {
      let length = Math.min(secret.length - 1, given.length);
      while (length > 0 && !given.endsWith(secret.slice(0, length))) length -= 1;
      return length;
    });
    return Math.max(0, ...begun);
  }
}

/** A variable's secrets, each with the variable's name: as it is, as an address or JSON would write it. */
function secretsIn([name, value]: readonly [string, string | undefined]): readonly (readonly [string, string])[] {
  if (value === undefined) return [];
  const password = /^[a-z][a-z0-9+.-]*:\/\/[^/?#]*?:([^/?#]*)@/i.exec(value)?.[1];
  const secrets = [
    ...(secretVariable.test(name) ? [value] : []),
    ...(password === undefined ? [] : [password, decoded(password)]),
  ];
  return secrets
    .flatMap((secret) => [secret, secret.trim(), encodeURIComponent(secret), JSON.stringify(secret).slice(1, -1)])
    .filter((secret) => secret.length >= shortest)
    .map((secret) => [secret, name]);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
