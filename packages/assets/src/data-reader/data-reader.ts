/** Looks into data for a server: a process for each look, few at a time, others wait for their turn. */
import type { QueryLineage } from "@iroko/core";
import type { DataReader, FirstRows } from "@iroko/core/engine";
import { fileOfFirstRows } from "./file-of-first-rows.ts";

/** Each may hold up to a gigabyte. */
const atOnce = 2;

/** When first used: it needs the engine, which a step's child, importing this package for its assets, had to load as well. */
const loadProcess = (): Promise<typeof import("./in-process.ts")> => import("./in-process.ts");

export function dataReader({ seconds = 30 }: { readonly seconds?: number } = {}): DataReader {
  const turn = turns(atOnce);
  return {
    columnLineage: (queries) =>
      queries.length === 0
        ? Promise.resolve([])
        : turn(async () => {
            const { inFolder, inProcess } = await loadProcess();
            return await inFolder((folder) => inProcess<QueryLineage[]>({ kind: "lineage", queries }, folder, seconds));
          }),
    firstRows: (store, object) =>
      turn(async () => {
        const { inFolder, inProcess } = await loadProcess();
        return await inFolder(async (folder) => {
          const file = await fileOfFirstRows(store, object, folder);
          const { columns, limit } = object;
          return await inProcess<FirstRows>({ kind: "rows", file, columns, limit }, folder, seconds);
        });
      }),
  };
}

function turns(most: number): <Result>(work: () => Promise<Result>) => Promise<Result> {
  let under = 0;
  const waiting: (() => void)[] = [];
  return async (work) => {
    if (under >= most) await new Promise<void>((resolve) => waiting.push(resolve));
    else under += 1;
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next === undefined) under -= 1;
      else next(); // the place goes on to it
    }
  };
}
