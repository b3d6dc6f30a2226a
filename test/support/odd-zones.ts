/** Zones whose clocks do what a first draft forgets. */
export const oddZones = [
  "Africa/Lagos", // never changes
  "America/Santiago", // midnight is skipped
  "Africa/Cairo", // midnight is skipped, and 23:00 repeated
  "America/Havana", // midnight is skipped, and repeated
  "Australia/Lord_Howe", // changes by half an hour
  "Pacific/Apia", // left out 30 December 2011
  "Africa/Casablanca", // changes around Ramadan
  "Europe/London",
  "America/New_York",
] as const;
