import { render } from "preact";
import { isOutdated } from "./api/connection.ts";
import { startLive } from "./api/live.ts";
import { askWho } from "./api/session.ts";
import { watchLink } from "./api/watch-link.ts";
import { App } from "./app.tsx";
import { drawsPaths, followLinks } from "./router.ts";
import { routeAt } from "./routes.ts";
import { listenToKeys } from "./shell/keys.ts";
import { loadPalette } from "./shell/palette.tsx";
import { rememberPlaces } from "./shell/recent.ts";
import { wearTheme } from "./parts/theme.ts";

/** What is asked for at first goes over the link before what may be asked for. */
const afterMs = 3_000;

wearTheme();
// An outdated page draws no other one: that comes from the server, as it is now.
drawsPaths((path) => routeAt(path) !== undefined && (path === location.pathname || !isOutdated.peek()));
followLinks();
listenToKeys();
rememberPlaces();
void askWho().catch(() => {}); // the banner says why not
startLive();
watchLink();
const page = document.querySelector("#page")!;
page.replaceChildren(); // what it says while it is on its way; Preact would leave it at the foot of the page
render(<App />, page);
// Nobody searches before they have seen something.
addEventListener("load", () => setTimeout(() => void loadPalette(), afterMs));
