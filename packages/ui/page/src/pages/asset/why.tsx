/** Why it is fresh, stale, held, waiting or missing, from what was stored when it was decided. */
import type { ExplainedAsset, ExplainedReason } from "@iroko/core/client";
import type { JSX } from "preact";
import { address } from "../../api/get.ts";
import { useResource } from "../../api/resource.ts";
import { counted } from "../../parts/amounts.ts";
import { Badge } from "../../parts/badge.tsx";
import { Command } from "../../parts/command.tsx";
import { runHref } from "../../parts/links.ts";
import { Loaded } from "../../parts/loaded.tsx";
import { Ago } from "../../parts/time.tsx";
import { place } from "../../router.ts";
import type { TabProps } from "./asset.tsx";

export function Why({ asset }: TabProps): JSX.Element {
  const within = place.value.query.get("within");
  const explained = useResource<ExplainedAsset>(
    address("/assets/{key}/explain", { key: asset.key, partitions: within }),
    {
      asset: asset.key,
    },
  );
  return (
    <Loaded of={explained} rows={6}>
      {({ groups, schedules }) => (
        <>
          {groups.map(({ status, partitions, count, because }) => (
            <section key={`${status} ${partitions}`} class="panel reason">
              <h2>
                <Badge state={status} /> {counted(count, "partition")} <code class="prose">{partitions}</code>
              </h2>
              <Reasons reasons={because} />
            </section>
          ))}
          {schedules.length === 0 ? null : (
            <>
              <h2>Who asks for it</h2>
              <Reasons reasons={schedules} />
            </>
          )}
        </>
      )}
    </Loaded>
  );
}

function Reasons({ reasons }: { readonly reasons: readonly ExplainedReason[] }): JSX.Element {
  return (
    <ul class="reasons">
      {reasons.map((reason, at) => (
        <li key={at}>
          {reason.message}{" "}
          {reason.run === undefined ? null : (
            <a href={reason.step === undefined ? runHref(reason.run) : `${runHref(reason.run)}?step=${reason.step}`}>
              run
            </a>
          )}{" "}
          {reason.at === undefined ? null : (
            <span class="faint">
              <Ago at={reason.at} />
            </span>
          )}
          {reason.command === undefined ? null : (
            <div>
              <Command text={reason.command} />
            </div>
          )}
          {reason.because === undefined ? null : <Reasons reasons={reason.because} />}
        </li>
      ))}
    </ul>
  );
}
