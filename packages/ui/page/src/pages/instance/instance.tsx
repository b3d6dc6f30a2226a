/** What the instance runs on, each line with its age and, where something is wrong, what mends it. */
import type { Health, LocationVersion, Page, Pool, Queue, Store } from "@iroko/core/client";
import type { JSX } from "preact";
import { useResource } from "../../api/resource.ts";
import { session } from "../../api/session.ts";
import { useTitle } from "../../app.tsx";
import { bytes, count, counted } from "../../parts/amounts.ts";
import { Badge } from "../../parts/badge.tsx";
import { Command, Empty } from "../../parts/command.tsx";
import { deploy, repairStore, setPool } from "../../parts/commands.ts";
import { Failure } from "../../parts/failure.tsx";
import { Loaded } from "../../parts/loaded.tsx";
import { DataTable } from "../../parts/data-table.tsx";
import { Ago } from "../../parts/time.tsx";
import { Access } from "./access.tsx";
import { Workers } from "./workers.tsx";

export default function Instance(): JSX.Element {
  useTitle("Instance");
  const health = useResource<Health>("/api/v1/health");
  const locations = useResource<Page<LocationVersion>>("/api/v1/locations");
  const queues = useResource<Page<Queue>>("/api/v1/queues");
  const pools = useResource<Page<Pool>>("/api/v1/pools");
  const store = useResource<Store>("/api/v1/store");
  return (
    <>
      <h1>Instance</h1>
      <Loaded of={health}>
        {({ clock: { problem }, workers }) => (
          <>
            {problem === undefined ? null : <Failure error={problem} />}
            <h2>Workers</h2>
            <Workers workers={workers} />
          </>
        )}
      </Loaded>
      <h2>Queue</h2>
      <Loaded of={queues}>
        {({ items }) =>
          items.every(({ ready, running }) => ready + running === 0) ? (
            <Empty says="No step waits or runs." />
          ) : (
            <DataTable
              rows={items}
              keyOf={({ location }) => location}
              columns={[
                { title: "Location", cell: ({ location }) => location },
                { title: "Ready", holds: "number", cell: ({ ready }) => count(ready) },
                { title: "Admitted", holds: "number", cell: ({ admitted }) => count(admitted) },
                { title: "Put off", holds: "number", cell: ({ deferred }) => count(deferred) },
                { title: "Running", holds: "number", cell: ({ running }) => count(running) },
                { title: "The longest waits since", cell: ({ waitingSince }) => <Ago at={waitingSince} /> },
              ]}
            />
          )
        }
      </Loaded>
      <h2>Pools</h2>
      <Loaded of={pools}>
        {({ items }) =>
          items.length === 0 ? (
            <Empty says="No step names a pool. A pool limits how many of its steps run at once:" command={setPool} />
          ) : (
            <DataTable
              rows={items}
              keyOf={({ name }) => name}
              columns={[
                { title: "Pool", cell: ({ name }) => name },
                { title: "Running", holds: "number", cell: ({ running }) => count(running) },
                {
                  title: "At most",
                  holds: "number",
                  cell: ({ slots }) => (slots === null ? "no limit" : count(slots)),
                },
              ]}
            />
          )
        }
      </Loaded>
      <h2>Store</h2>
      <Loaded of={store}>
        {({ unpublished, uploads, built, sentBytes, receivedBytes }) => (
          <ul class="list">
            <li>
              <Badge state={unpublished === 0 ? "ok" : "warning"}>{unpublished === 0 ? "published" : "behind"}</Badge>
              {unpublished === 0
                ? "The stable paths show every committed version."
                : `${counted(unpublished, "committed version")} not yet at the stable path.`}
              {unpublished === 0 ? null : <Command text={repairStore} />}
            </li>
            <li>
              {counted(uploads, "upload")} under way, {counted(built, "built file")} waiting for the store.
            </li>
            <li>
              {bytes(sentBytes)} sent and {bytes(receivedBytes)} received over the network.
            </li>
          </ul>
        )}
      </Loaded>
      <h2>Code locations</h2>
      <Loaded of={locations}>
        {({ items }) =>
          items.length === 0 ? (
            <Empty says="No code location has registered its definitions." command={deploy} />
          ) : (
            <DataTable
              rows={items}
              keyOf={({ name, version }) => `${name} ${version}`}
              columns={[
                { title: "Location", cell: ({ name }) => name },
                { title: "Version", holds: "number", cell: ({ version }) => version },
                { title: "Definitions", cell: ({ hash }) => <code>{hash.slice(0, 12)}</code> },
                { title: "Registered", cell: ({ registeredAt }) => <Ago at={registeredAt} /> },
                { title: "", cell: ({ current }) => (current ? <Badge state="on">current</Badge> : null) },
              ]}
            />
          )
        }
      </Loaded>
      {session.value?.role === "admin" ? <Access /> : null}
    </>
  );
}
