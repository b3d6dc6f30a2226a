import { render } from "preact";
import { startLive } from "./api/live.ts";
import { askWho } from "./api/session.ts";
import { watchLink } from "./api/watch-link.ts";
import { App } from "./app.tsx";
import { drawsPaths, followLinks } from "./router.ts";
import { routeAt } from "./routes.ts";
import { listenToKeys } from "./shell/keys.ts";

drawsPaths((path) => routeAt(path) !== undefined);
followLinks();
listenToKeys();
void askWho().catch(() => {}); // the banner says why not
startLive();
watchLink();
render(<App />, document.querySelector("#page")!);
