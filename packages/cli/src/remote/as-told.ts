/**
 * What is known here, as a server would tell it: by the contract's own schemas. What commands print is then the same from
 * either, to the order of its fields.
 */
import type { Operation, Page } from "@iroko/core/client";

type Answering<Answer> = Pick<Operation<never, Answer>, "answer">;

export function asTold<Answer>({ answer }: Answering<Answer>, value: unknown): Answer {
  return answer.parse(JSON.parse(JSON.stringify(value)));
}

/** The items of a list. */
export function allTold<Item>(list: Answering<Page<Item>>, items: readonly unknown[]): readonly Item[] {
  return asTold(list, { items, cursor: null }).items;
}
