/** Looks at what can be seen of an instance from afar: whether its server answers, as whom, its clock, its code and its workers. */
import type { RemoteServer } from "../remote/find-server.ts";
import { plural } from "../terminal/units.ts";
import type { Finding } from "./examine.ts";

export async function* examineServer({
  client,
  url,
  location,
}: RemoteServer): AsyncGenerator<Finding, void, undefined> {
  const began = performance.now();
  const { name, role, kind } = await client.session.get();
  const took = Math.round(performance.now() - began);
  const who = kind === "machine" ? "asks nobody who it is" : `knows this ${kind} as ${name}, with the role ${role}`;
  yield { about: "server", verdict: "ok", message: `${url} answers in ${took} ms, and ${who}` };
  const { clock, locations, workers } = await client.instance.health();
  yield {
    about: "clock",
    verdict: clock.problem === undefined ? "ok" : "wrong",
    message: clock.problem?.message ?? `the server's is ${clock.secondsAhead} s before that of Postgres: ${clock.here}`,
    ...(clock.problem?.hint === undefined ? {} : { remedy: clock.problem.hint }),
  };
  const shown = locations.filter((each) => location === undefined || each.name === location);
  for (const { name, version, registeredAt } of shown) {
    yield { about: "deployed", verdict: "ok", message: `"${name}", version ${version}, since ${registeredAt}` };
    const live = workers.filter((worker) => worker.location === name && worker.alive);
    for (const { host, pid, running, slots, draining } of live) {
      const message = `${host}, process ${pid}: ${running} of ${plural(slots, "slot")} busy${draining ? ", draining" : ""}`;
      yield { about: "workers", verdict: "ok", message };
    }
    if (live.length > 0) continue;
    const remedy = "On a machine of the instance: iroko worker";
    yield { about: "workers", verdict: "note", message: `none live for "${name}"`, remedy };
  }
  if (shown.length > 0) return;
  const remedy = "On a machine of the instance: iroko deploy";
  yield { about: "deployed", verdict: "note", message: `nothing${location ? ` as "${location}"` : ""}`, remedy };
}
