/** What the chosen assets let a run set: a field for each value, with what it is unless given, and what the dry run said of it. */
import type { AssetConfig, Page } from "@iroko/core/client";
import type { JSX } from "preact";
import { useId, useState } from "preact/hooks";
import { address } from "../../api/get.ts";
import { useResource } from "../../api/resource.ts";
import { useSettled } from "../../parts/use-settled.ts";
import { place, setQuery } from "../../router.ts";
import type { ConfigProblem } from "./config-problems.ts";
import { fieldsOf, textOf, valueOf, type ConfigField } from "./config-fields.ts";
import { configOf, configWith, fieldsIn } from "./request.ts";

interface ConfigFormProps {
  readonly select: string;
  readonly location: string | undefined;
  readonly problems: readonly ConfigProblem[];
}

/** Definitions change with a deploy, of which no event tells. */
const ofNoEvent = { asset: "" };

export function ConfigForm({ select, location, problems }: ConfigFormProps): JSX.Element | null {
  const settled = useSettled(select);
  const href = settled === "" ? undefined : address("/configs", { select: settled, location });
  const known = useResource<Page<AssetConfig>>(href, ofNoEvent);
  return (
    <>
      {known.value?.items.map((config) => (
        <fieldset key={config.name} class="wide-field config">
          <legend>
            Config of <code>{config.name}</code>
          </legend>
          {fieldsOf(config.schema).map((field) => (
            <ConfigInput
              key={field.name}
              asset={config.name}
              field={field}
              problem={problems.find(
                ({ asset, path }) => asset === config.name && path.split(".", 1)[0] === field.name,
              )}
            />
          ))}
        </fieldset>
      ))}
    </>
  );
}

interface ConfigInputProps {
  readonly asset: string;
  readonly field: ConfigField;
  readonly problem: ConfigProblem | undefined;
}

function ConfigInput({ asset, field, problem }: ConfigInputProps): JSX.Element {
  const { name, kind, values, isRequired, normally, description } = field;
  const told = useId();
  const config = configOf(place.value.query);
  const value = name === "" ? config[asset] : fieldsIn(config[asset])?.[name];
  const [typed, keep] = useState("");
  // As it was typed, where it says the same: 1.50, or JSON with spaces.
  const isTyped = JSON.stringify(valueOf(field, typed)) === JSON.stringify(value);
  const text = isTyped ? typed : value === undefined ? "" : textOf(value);
  const change = (now: string): void => {
    keep(now);
    setQuery({ config: configWith(config, asset, name, valueOf(field, now)) });
  };
  const shared = {
    name: `config.${asset}.${name}`,
    "aria-invalid": problem !== undefined,
    "aria-describedby": problem === undefined ? undefined : told,
  };
  const choices = kind === "boolean" ? ["true", "false"] : values.map(textOf);
  const unless = normally ?? (isRequired ? "needed" : "not given");
  return (
    <label class={kind === "json" ? "field wide-field" : "field"}>
      <span>{name === "" ? "as JSON" : <code>{name}</code>}</span>
      {kind === "choice" || kind === "boolean" ? (
        <select {...shared} value={text} onChange={({ currentTarget }) => change(currentTarget.value)}>
          <option value="">{unless}</option>
          {choices.map((choice) => (
            <option key={choice} value={choice}>
              {choice}
            </option>
          ))}
        </select>
      ) : (
        <input
          {...shared}
          class="id"
          inputMode={kind === "number" ? "decimal" : undefined}
          value={text}
          placeholder={unless}
          spellcheck={false}
          autocomplete="off"
          onInput={({ currentTarget }) => change(currentTarget.value)}
        />
      )}
      {description === undefined ? null : <span class="note">{description}</span>}
      {problem === undefined ? null : (
        <span id={told} class="bad-text">
          {problem.path === name ? "" : `${problem.path}: `}
          {problem.message}
        </span>
      )}
    </label>
  );
}
