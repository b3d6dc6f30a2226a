/** What the instance runs on, each line with its age and, where something is wrong, what mends it. */
import type { DatabaseHealth, Health, LocationVersion, Page, Pool, Queue, Store } from "@iroko/core/client";
import type { JSX } from "preact";
import { now } from "../../api/clock.ts";
import { useResource } from "../../api/resource.ts";
import { session } from "../../api/session.ts";
import { useTitle } from "../../app.tsx";
import { bytes, count } from "../../parts/amounts.ts";
import { Badge } from "../../parts/badge.tsx";
import { Command, Empty } from "../../parts/command.tsx";
import { deploy, setPool } from "../../parts/commands.ts";
import { Fact } from "../../parts/fact.tsx";
import { Loaded } from "../../parts/loaded.tsx";
import { DataTable } from "../../parts/data-table.tsx";
import { Ago } from "../../parts/time.tsx";
import { Access } from "./access.tsx";
import { healthLines } from "./health-lines.ts";
import { Workers } from "./workers.tsx";

export default function Instance(): JSX.Element {
  useTitle("Instance");
  const health = useResource<Health>("/api/v1/health");
  const locations = useResource<Page<LocationVersion>>("/api/v1/locations");
  const queues = useResource<Page<Queue>>("/api/v1/queues");
  const pools = useResource<Page<Pool>>("/api/v1/pools");
  const store = useResource<Store>("/api/v1/store");
  const database = useResource<DatabaseHealth>("/api/v1/database");
  const lines = healthLines(
    {
      health: health.value,
      queues: queues.value?.items,
      pools: pools.value?.items,
      store: store.value,
      database: database.value,
      locations: locations.value?.items,
    },
    now.value,
  );
  return (
    <>
      <h1>Instance</h1>
      <ul class="list health" aria-label="Health">
        {lines.map(({ about, state, says, since, command, remedy }) => (
          <li key={`${about} ${says}`}>
            <Badge state={state}>{about}</Badge>
            <span>
              <span class="prose">{says}</span>
              {remedy === undefined ? null : <span class="prose faint"> {remedy}</span>}
              {command === undefined ? null : (
                <>
                  {" "}
                  <Command text={command} />
                </>
              )}
            </span>
            <span class="faint">{since === null ? "now" : <Ago at={since} />}</span>
          </li>
        ))}
      </ul>
      <h2>Workers</h2>
      <Loaded of={health}>{({ workers }) => <Workers workers={workers} />}</Loaded>
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
          <dl class="facts panel">
            <Fact name="To be published">{count(unpublished)}</Fact>
            <Fact name="Uploads under way">{count(uploads)}</Fact>
            <Fact name="Built, waiting for the store">{count(built)}</Fact>
            <Fact name="Sent in a day">{bytes(sentBytes)}</Fact>
            <Fact name="Received in a day">{bytes(receivedBytes)}</Fact>
          </dl>
        )}
      </Loaded>
      <h2>Database</h2>
      <Loaded of={database}>
        {({ version, startedAt, sizeBytes, connections, mostConnections, oldestTransactionAt }) => (
          <dl class="facts panel">
            <Fact name="PostgreSQL">{version}</Fact>
            <Fact name="Started">
              <Ago at={startedAt} />
            </Fact>
            <Fact name="Size">{bytes(sizeBytes)}</Fact>
            <Fact name="Connections">
              {count(connections)} of {count(mostConnections)}
            </Fact>
            <Fact name="Oldest open transaction">
              {oldestTransactionAt === null ? "none" : <Ago at={oldestTransactionAt} />}
            </Fact>
          </dl>
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
                {
                  title: "State",
                  cell: ({ current }) =>
                    current ? <Badge state="on">current</Badge> : <span class="faint">older</span>,
                },
              ]}
            />
          )
        }
      </Loaded>
      {session.value?.role === "admin" ? <Access /> : null}
    </>
  );
}
