import type { Session } from "@iroko/core/client";
import { render } from "preact";
import { startLive } from "./api/live.ts";
import { serverSays } from "./api/clock.ts";
import { getJson } from "./api/get.ts";
import { sessionIs } from "./api/session.ts";
import { App } from "./app.tsx";
import { drawsPaths, followLinks } from "./router.ts";
import { routeAt } from "./routes.ts";
import { listenToKeys } from "./shell/keys.ts";

drawsPaths((path) => routeAt(path) !== undefined);
followLinks();
listenToKeys();
void askWho().catch(() => {}); // the banner says why not
startLive();
render(<App />, document.querySelector("#page")!);

async function askWho(): Promise<void> {
  const session = await getJson<Session>("/api/v1/session");
  sessionIs(session);
  serverSays(session.now);
}
