/** The whole graph, or what a selection selects of it: as a picture, an outline or a table, all of the same assets. */
import type { Lineage as Answer } from "@iroko/core/client";
import type { JSX } from "preact";
import { address } from "../../api/get.ts";
import { useResource } from "../../api/resource.ts";
import { useTitle } from "../../app.tsx";
import { count, counted } from "../../parts/amounts.ts";
import { Badge } from "../../parts/badge.tsx";
import { Choices } from "../../parts/choices.tsx";
import { Empty } from "../../parts/command.tsx";
import { deploy } from "../../parts/commands.ts";
import { Loaded } from "../../parts/loaded.tsx";
import { place } from "../../router.ts";
import { Outline } from "./outline.tsx";
import { Picture } from "./picture.tsx";
import { SelectionBar } from "./selection-bar.tsx";
import { Table } from "./table.tsx";

const views = ["graph", "outline", "table"] as const;

export default function Lineage(): JSX.Element {
  useTitle("Lineage");
  const { query } = place.value;
  const select = query.get("select") ?? "";
  const around = query.get("around");
  const whole = query.get("whole");
  const known = useResource<Answer>(address("/lineage", { select, around, whole }));
  return (
    <>
      <h1>Lineage</h1>
      <SelectionBar value={select} />
      <Loaded of={known} rows={10}>
        {(answer) =>
          answer.total === 0 ? (
            <Empty says="There are no assets yet. Register your definitions:" command={deploy} />
          ) : (
            <Shown answer={answer} />
          )
        }
      </Loaded>
    </>
  );
}

function Shown({ answer }: { readonly answer: Answer }): JSX.Element {
  const { query } = place.value;
  const view = views.find((name) => name === query.get("view")) ?? "graph";
  const counts = answer.healths
    .map((health, at) => ({ health, assets: answer.health.filter((each) => each === at).length }))
    .filter(({ assets }) => assets > 0);
  const many = `${count(answer.keys.length)} of ${counted(answer.total, "asset")}`;
  return (
    <>
      <div class="row">
        <span>
          {answer.around === null ? (
            many
          ) : (
            <>
              Near {answer.around}: {many}. <a href="/lineage?whole=true">Show all</a>
            </>
          )}
        </span>
        {counts.map(({ health, assets }) => (
          <Badge key={health} state={health}>
            {count(assets)} {health}
          </Badge>
        ))}
        <Choices name="view" label="Shown as" values={views} chosen={view} />
      </div>
      {view === "graph" ? <Picture answer={answer} /> : null}
      {view === "outline" ? <Outline answer={answer} /> : null}
      {view === "table" ? <Table answer={answer} /> : null}
    </>
  );
}
