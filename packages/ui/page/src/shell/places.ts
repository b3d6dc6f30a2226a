/** The page's main places, and the keys that go there. */
export const places = [
  { href: "/", name: "Home", keys: "g h" },
  { href: "/lineage", name: "Lineage", keys: "g l" },
  { href: "/launchpad", name: "Launchpad", keys: "g m" },
  { href: "/runs", name: "Runs", keys: "g r" },
  { href: "/schedules", name: "Schedules", keys: "g s" },
  { href: "/instance", name: "Instance", keys: "g i" },
] as const;
