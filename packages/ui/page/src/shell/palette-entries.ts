/** What the search finds and does: what one looks at first, then where one was, the places, the actions, and all that there is. */
import type { Lineage, Run, Schedule } from "@iroko/core/client";
import { cancelRun, pauseSchedule, repeatRun } from "../parts/acts.ts";
import {
  assetHref,
  launchHref,
  launchpadHref,
  lineHref,
  runHref,
  runsHref,
  scheduleHref,
  shortId,
} from "../parts/links.ts";
import { go } from "../router.ts";
import { openHelp } from "./help.tsx";
import { places } from "./places.ts";
import type { Recent } from "./recent.ts";
import { chooseTheme, theme, themes } from "../parts/theme.ts";

export interface Entry {
  readonly id: string;
  readonly name: string;
  readonly kind: string;
  /** Goes there, or does it; rejects where it could not be done. */
  readonly open: () => unknown;
  /** Changes something: asked first, where it cannot be taken back. */
  readonly changes?: { readonly confirm?: string };
}

export interface Known {
  readonly here: Recent | undefined;
  /** The run that one looks at. */
  readonly run: Run | undefined;
  readonly recent: readonly Recent[];
  readonly catalog: Lineage | undefined;
  readonly schedules: readonly Schedule[];
  readonly signsOut: boolean;
}

const to = (name: string, kind: string, href: string): Entry => ({
  id: `${kind} ${href}`,
  name,
  kind,
  open: () => go(href),
});
const act = (name: string, open: Entry["open"], changes?: Entry["changes"]): Entry => ({
  id: `action ${name}`,
  name,
  kind: "action",
  open,
  ...(changes === undefined ? {} : { changes }),
});

const theRest = { missing: "Make what is missing", failed: "Make what failed", stale: "Make what is stale" } as const;

/** Those that are offered before anything is typed come first. */
export function entriesOf({ here, run, recent, catalog, schedules, signsOut }: Known): readonly Entry[] {
  return [
    ...(here?.kind === "asset" ? ofAsset(here.name) : []),
    ...(run === undefined ? [] : ofRun(run)),
    ...recent
      .filter(({ kind, name }) => kind !== here?.kind || name !== here.name)
      .map(({ kind, name }) =>
        kind === "asset" ? to(name, "recent asset", assetHref(name)) : to(shortId(name), "recent run", runHref(name)),
      ),
    ...places.map(({ name, href }) => to(name, "page", href)),
    act("Copy the link to this view", () => navigator.clipboard.writeText(location.href)),
    ...Object.entries(theRest).map(([partitions, name]) =>
      to(name, "action", launchpadHref({ select: "*", partitions })),
    ),
    ...themes
      .filter((each) => each !== theme.peek())
      .map((each) =>
        act(each === "system" ? "Colours of the system" : `${each === "dark" ? "Dark" : "Light"} colours`, () =>
          chooseTheme(each),
        ),
      ),
    act("Keys of this page", openHelp),
    to("API reference", "page", "/api"),
    ...(signsOut ? [to("Your account", "page", "/account"), to("Sign out", "action", "/logout")] : []),
    ...schedules.flatMap(ofSchedule),
    ...(catalog?.keys ?? []).map((key, at) => to(key, catalog!.groups[catalog!.group[at]!]!, assetHref(key))),
  ];
}

const ofAsset = (key: string): readonly Entry[] => [
  to(`Make ${key}`, "action", launchHref(key, undefined)),
  to(`Runs of ${key}`, "page", runsHref({ asset: key })),
  to(`${key} in the lineage`, "page", lineHref(key)),
];

const ofRun = ({ id, endedAt, status, cancelRequestedAt }: Run): readonly Entry[] =>
  endedAt === null
    ? cancelRequestedAt === null
      ? [act("Cancel this run", () => cancelRun(id), { confirm: "Cancel this run? What is made stays." })]
      : []
    : status === "succeeded"
      ? []
      : [act("Retry what did not succeed in this run", () => repeatRun(id), {})];

const ofSchedule = (schedule: Schedule): readonly Entry[] => {
  const { key, paused, enabled } = schedule;
  const verb = paused ? "Resume" : "Pause";
  return [
    to(key, "schedule", scheduleHref(key)),
    to(`Runs of ${key}`, "page", runsHref({ by: key })),
    ...(enabled ? [act(`${verb} ${key}`, () => pauseSchedule(schedule, !paused), {})] : []),
  ];
};
