/** A plan as people read it: what, why, how much, what is left out, and what of history will not fit. */
import type { KeptPlan } from "@iroko/core/client";
import type { JSX } from "preact";
import { bytes, count, counted, span } from "../../parts/amounts.ts";
import { Command, Empty } from "../../parts/command.tsx";
import { assetHref } from "../../parts/links.ts";

type Plan = KeptPlan["plan"];

const unknown = "–";

export function PlanView({ plan }: { readonly plan: Plan }): JSX.Element {
  const { assets, checks, skipped, total, history, steps, materializations, orderBy, travels } = plan;
  if (steps === 0) {
    return (
      <>
        <Empty says="There is nothing to do: everything asked for is made and fresh." />
        <Skipped skipped={skipped} />
      </>
    );
  }
  return (
    <section aria-label="The plan">
      <h2>
        {counted(steps, "step")} to make {counted(materializations, "partition")}, {orderBy} first
      </h2>
      <p class="sentence">
        {total.seconds === null ? "How long it takes is not known yet" : `About ${span(total.seconds)} of work`}
        {total.rows === null ? "" : `, ${counted(Math.round(total.rows), "row")}`}
        {total.bytes === null ? "" : `, ${bytes(total.bytes)}`}.{" "}
        {total.unknown.length === 0 ? "" : `Nothing is known yet of ${total.unknown.join(", ")}.`}{" "}
        {travels === undefined
          ? ""
          : `${bytes(travels.toStore)} go to the store, ${bytes(travels.fromStore)} come from it.`}
      </p>
      <div class="scroll">
        <table>
          <thead>
            <tr>
              <th scope="col">Asset</th>
              <th scope="col">Partitions</th>
              <th scope="col" class="number">
                Steps
              </th>
              <th scope="col">Why</th>
              <th scope="col" class="number">
                Rows
              </th>
              <th scope="col" class="number">
                Size
              </th>
              <th scope="col" class="number">
                Time
              </th>
              <th scope="col">Known from</th>
            </tr>
          </thead>
          <tbody>
            {assets.map(({ asset, partitions, count: many, reason, steps: each, estimate }) => (
              <tr key={`${asset} ${partitions} ${reason}`}>
                <td>
                  <a href={assetHref(asset)}>{asset}</a>
                </td>
                <td>
                  <code class="prose">{partitions}</code> <span class="faint">{count(many)}</span>
                </td>
                <td class="number">{count(each)}</td>
                <td class="prose">{reason}</td>
                <td class="number">{estimate.rows === null ? unknown : count(Math.round(estimate.rows))}</td>
                <td class="number">{estimate.bytes === null ? unknown : bytes(estimate.bytes)}</td>
                <td class="number">{estimate.seconds === null ? unknown : span(estimate.seconds)}</td>
                <td class="faint">{estimate.from}</td>
              </tr>
            ))}
            {checks.map(({ name, steps: each }) => (
              <tr key={name}>
                <td>{name}</td>
                <td class="faint">check</td>
                <td class="number">{count(each)}</td>
                <td />
                <td />
                <td />
                <td />
                <td />
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <Skipped skipped={skipped} />
      {history.length === 0 ? null : (
        <>
          <h2>What is stale besides</h2>
          <ul class="list">
            {history.map(({ asset, partitions, reasons, breaking, fails, command }) => (
              <li key={`${asset} ${partitions}`}>
                <a href={assetHref(asset)}>{asset}</a> <code class="prose">{partitions}</code>
                <span class="prose">{reasons.join("; ")}</span>
                {breaking === null ? null : <strong class="bad-text">{breaking}</strong>}
                {fails.map((fail) => (
                  <span key={fail.asset} class="bad-text">
                    {fail.asset} {fail.partitions} would fail
                  </span>
                ))}
                {command === null ? null : <Command text={command} />}
              </li>
            ))}
          </ul>
        </>
      )}
    </section>
  );
}

function Skipped({ skipped }: Pick<Plan, "skipped">): JSX.Element | null {
  if (skipped.length === 0) return null;
  return (
    <details>
      <summary>{counted(skipped.length, "line")} left out</summary>
      <ul class="list">
        {skipped.map(({ asset, partitions, reason }) => (
          <li key={`${asset} ${partitions} ${reason}`}>
            <a href={assetHref(asset)}>{asset}</a> <code class="prose">{partitions}</code>{" "}
            <span class="prose">{reason}</span>
          </li>
        ))}
      </ul>
    </details>
  );
}
