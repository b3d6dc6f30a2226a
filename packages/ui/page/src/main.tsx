import { render } from "preact";
import { startLive } from "./api/live.ts";
import { getJson } from "./api/get.ts";
import { sessionIs, type Session } from "./api/session.ts";
import { App } from "./app.tsx";
import { drawsPaths, followLinks } from "./router.ts";
import { routeAt } from "./routes.ts";
import { listenToKeys } from "./shell/keys.ts";

drawsPaths((path) => routeAt(path) !== undefined);
followLinks();
listenToKeys();
void getJson<Session>("/api/v1/session").then(sessionIs, () => {}); // the banner says why not
startLive();
render(<App />, document.querySelector("#page")!);
