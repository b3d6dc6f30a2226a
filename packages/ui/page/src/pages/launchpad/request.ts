/** What is to be made and how that is to run, as the address holds it and as the API takes it. */
import type { HowInput, PlanInput } from "@iroko/core/client";

export type Field =
  "select" | "partitions" | "location" | "backfill" | "order" | "checks" | "priority" | "maxConcurrency";

type Config = NonNullable<PlanInput["config"]>;
export type Json = Config[string];

export interface Request {
  readonly plan: PlanInput;
  readonly how: HowInput;
}

/** What stands in the address is asked for as it is: the server says what is wrong with it. */
export function requestOf(query: URLSearchParams): Request {
  const text = (name: Field): string | undefined => query.get(name)?.trim() || undefined;
  const number = (name: Field): number | undefined => (text(name) === undefined ? undefined : Number(text(name)));
  const policy = text("backfill");
  return {
    plan: {
      select: text("select") ?? "",
      ...given({
        partitions: text("partitions"),
        location: text("location"),
        backfill: policy !== undefined && /^\d+$/.test(policy) ? { batches: Number(policy) } : policy,
        order: text("order"),
        checks: text("checks"),
        force: query.get("force") === "true" ? true : undefined,
        config: configText(query),
      }),
    },
    how: given({ priority: number("priority"), maxConcurrency: number("maxConcurrency") }),
  };
}

/** As the address holds it. */
export function queryOf({ config, backfill, force, ...asked }: PlanInput & HowInput): Readonly<Record<string, string>> {
  const values = {
    ...asked,
    backfill: typeof backfill === "object" ? backfill.batches : backfill,
    force: force === true ? true : undefined,
    config: config === undefined ? undefined : JSON.stringify(config),
  };
  const left = Object.entries(values).filter(([, value]) => value !== undefined);
  return Object.fromEntries(left.map(([name, value]) => [name, String(value)]));
}

function configText(query: URLSearchParams): unknown {
  const text = query.get("config") ?? "";
  try {
    return text === "" ? undefined : JSON.parse(text);
  } catch {
    return text;
  }
}

/** By asset, as far as the address holds it. */
export function configOf(query: URLSearchParams): Config {
  const config = configText(query);
  return fieldsIn(config as Json) ?? {};
}

/** The address's text of a config with one value of an asset changed; undefined takes it away. `name` "" is all of its config. */
export function configWith(config: Config, asset: string, name: string, value: Json | undefined): string {
  const own = name === "" ? value : emptied({ ...fieldsIn(config[asset]), [name]: value });
  const all = emptied({ ...config, [asset]: own });
  return all === undefined ? "" : JSON.stringify(all);
}

/** Of a JSON object; undefined of anything else. */
export function fieldsIn(value: Json | undefined): Config | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Config) : undefined;
}

function emptied(values: Readonly<Record<string, Json | undefined>>): Config | undefined {
  const left = Object.entries(values).filter((entry): entry is [string, Json] => entry[1] !== undefined);
  return left.length === 0 ? undefined : Object.fromEntries(left);
}

const given = (values: Readonly<Record<string, unknown>>): object =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
