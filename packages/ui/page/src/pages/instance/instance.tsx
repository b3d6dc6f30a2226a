/** What the instance runs on: its workers and code locations, each with its age. */
import type { JSX } from "preact";
import { useResource } from "../../api/resource.ts";
import { useTitle } from "../../app.tsx";
import { Badge } from "../../parts/badge.tsx";
import { Empty } from "../../parts/command.tsx";
import { Loaded } from "../../parts/loaded.tsx";
import { Ago } from "../../parts/time.tsx";

interface Health {
  readonly locations: readonly { readonly name: string; readonly version: number; readonly registeredAt: string }[];
  readonly workers: readonly {
    readonly id: string;
    readonly location: string;
    readonly host: string;
    readonly pid: number;
    readonly slots: number;
    readonly running: number;
    readonly draining: boolean;
    readonly startedAt: string;
    readonly alive: boolean;
  }[];
}

export default function Instance(): JSX.Element {
  useTitle("Instance");
  const health = useResource<Health>("/api/v1/health");
  return (
    <>
      <h1>Instance</h1>
      <h2>Workers</h2>
      <Loaded of={health}>
        {({ workers }) =>
          workers.length === 0 ? (
            <Empty says="No worker is running: nothing is made until one starts." command="iroko worker" />
          ) : (
            <div class="scroll">
              <table>
                <thead>
                  <tr>
                    <th scope="col">State</th>
                    <th scope="col">Host</th>
                    <th scope="col" class="number">
                      Process
                    </th>
                    <th scope="col">Location</th>
                    <th scope="col" class="number">
                      Running
                    </th>
                    <th scope="col">Started</th>
                  </tr>
                </thead>
                <tbody>
                  {workers.map((worker) => (
                    <tr key={worker.id}>
                      <td>
                        <Badge state={!worker.alive ? "failed" : worker.draining ? "draining" : "on"}>
                          {!worker.alive ? "gone" : worker.draining ? "draining" : "at work"}
                        </Badge>
                      </td>
                      <td>{worker.host}</td>
                      <td class="number">{worker.pid}</td>
                      <td>{worker.location}</td>
                      <td class="number">
                        {worker.running} of {worker.slots}
                      </td>
                      <td>
                        <Ago at={worker.startedAt} />
                      </td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </div>
          )
        }
      </Loaded>
      <h2>Code locations</h2>
      <Loaded of={health}>
        {({ locations }) =>
          locations.length === 0 ? (
            <Empty says="No code location has registered its definitions." command="iroko deploy" />
          ) : (
            <ul class="list">
              {locations.map(({ name, version, registeredAt }) => (
                <li key={name}>
                  <strong>{name}</strong> <span class="faint">version {version}, registered</span>{" "}
                  <Ago at={registeredAt} />
                </li>
              ))}
            </ul>
          )
        }
      </Loaded>
    </>
  );
}
