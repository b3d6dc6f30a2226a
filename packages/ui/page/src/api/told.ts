/** What the document has brought along: where the stream stood when it was written, and the page's first answers. */

interface Told {
  /** Older than the answers, or as old. */
  readonly position: string | null;
  readonly answers: Readonly<Record<string, unknown>>;
}

const element = document.querySelector("script#told");
const told: Told = element === null ? { position: null, answers: {} } : (JSON.parse(element.textContent) as Told);
const answers = new Map(Object.entries(told.answers));

export const toldPosition: string | null = told.position;

/** Each once: whoever asks again wants to know what is so now. */
export function takeTold(href: string): unknown {
  const answer = answers.get(href);
  answers.delete(href);
  return answer;
}
