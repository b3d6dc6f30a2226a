/** The records of an RFC 4180 file: fields may hold commas, doubled quotes and line ends. A byte order mark is skipped. */
export function parseCsv(text: string): string[][] {
  const body = text.startsWith("\ufeff") ? text.slice(1) : text;
  const records: string[][] = [];
  let record: string[] = [];
  let at = 0;
  while (at < body.length) {
    const { field, end } = body[at] === '"' ? quotedField(body, at) : plainField(body, at);
    record.push(field);
    if (body[end] === ",") {
      at = end + 1;
      if (at < body.length) continue;
      record.push("");
    } else if (body.startsWith("\r\n", end)) at = end + 2;
    else if (body[end] === "\n" || end === body.length) at = end + 1;
    else throw new Error(`a comma or a line end must follow a quoted field: ${body.slice(end, end + 20)}`);
    records.push(record);
    record = [];
  }
  return records;
}

interface Field {
  readonly field: string;
  readonly end: number;
}

function plainField(body: string, from: number): Field {
  let end = from;
  while (end < body.length && body[end] !== "," && body[end] !== "\n" && !body.startsWith("\r\n", end)) end += 1;
  return { field: body.slice(from, end), end };
}

function quotedField(body: string, from: number): Field {
  let field = "";
  let at = from + 1;
  for (;;) {
    const quote = body.indexOf('"', at);
    if (quote === -1) throw new Error(`a quote is never closed: ${body.slice(from, from + 20)}`);
    field += body.slice(at, quote);
    if (body[quote + 1] !== '"') return { field, end: quote + 1 };
    field += '"';
    at = quote + 2;
  }
}
