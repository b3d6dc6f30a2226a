/**
 * Judges deliveries in SQL. Nearly all payloads are written the way the edge writes them: those are recognised by writing
 * them again from their fields and comparing, which proves that nothing else is in them. The rest goes the exact, slow way.
 */

/** Why a delivery is not taken; the first that applies. */
export const quarantineReasons = [
  "not_json",
  "checksum_mismatch",
  "missing_field",
  "bad_amount",
  "bad_time",
  "clock_ahead",
  "before_start",
] as const;

export type QuarantineReason = (typeof quarantineReasons)[number];

const textFields = [
  "channel",
  "customer_id",
  "event_time",
  "merchant_id",
  "phone_number",
  "terminal_id",
  "transaction_id",
] as const;
const fields = ["amount_ngn", ...textFields] as const;

const amountPattern = String.raw`-?[0-9]{1,16}(\.[0-9]{1,2})?`;
const timePattern =
  "[0-9]{4}-[0-9]{2}-[0-9]{2}T([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9]([.,][0-9]{1,9})?)?(Z|[+-]([01][0-9]|2[0-3])(:?[0-5][0-9])?)";

/**
 * A query of `id, created_at, sent, reason, filed_at`, the fields, `extra` and, of those with a reason, `payload`. `filed_at`
 * says in which day a delivery belongs: that of its event, or, with a reason, that in which it was taken in, but not before
 * `$start`.
 *
 * @param source gives `id, created_at, sent, checksum, payload`; `$start` is the first partition's start, a TIMESTAMPTZ
 */
export function judgeDeliveries(source: string): string {
  return `
with parsed as (
  select *,
    -- no backslash: then a text ends at the next quote, and json_valid has seen to control characters
    case when starts_with(payload, '{"amount_ngn":') and not contains(payload, '\\') and json_valid(payload)
      then from_json(payload, '${JSON.stringify(Object.fromEntries(textFields.map((name) => [name, "VARCHAR"])))}') end as f,
    payload[15 : instr(payload, ',') - 1] as written_amount
  from (${source})
),
recognised as (
  select *,
    coalesce(
      payload = concat('{"amount_ngn":', written_amount, ${textFields.map((name) => `',"${name}":"', f.${name}, '"'`).join(", ")}, '}')
      and regexp_full_match(written_amount, '${amountPattern}')
      and f.transaction_id <> '' and f.merchant_id <> '' and f.event_time <> '',
      false
    ) as plain
  from parsed
),
documents as (
  select *, case when not plain and ${isJson("payload")} then payload end::json as doc
  from recognised
),
read as (
  select *,
    plain or coalesce(json_type(doc) = 'OBJECT', false) as is_object,
    json_type(doc, '$.transaction_id') as transaction_type,
    json_type(doc, '$.merchant_id') as merchant_type,
    json_type(doc, '$.amount_ngn') as amount_type,
    json_type(doc, '$.event_time') as time_type,
    -- here, since a lambda would copy the document for each of its members
    json_keys(doc) as names, doc->'$.*' as members,
    ${textFields.map((name) => `case when plain then f.${name} else doc->>'$.${name}' end as ${name}`).join(",\n    ")}
  from documents
),
exact as (
  select *,
    case when plain then written_amount when amount_type is not null then ${amountAsWritten("payload")} end as amount_text,
    case when (plain or time_type = 'VARCHAR') and regexp_full_match(event_time, '${timePattern}')
      then ${instantOf("event_time")} end as instant
  from read
),
judged as (
  select *,
    case
      when not is_object then 'not_json'
      when checksum is distinct from sha256(payload)[1:16] then 'checksum_mismatch'
      when not plain and (
        transaction_type is distinct from 'VARCHAR' or transaction_id = ''
        or merchant_type is distinct from 'VARCHAR' or merchant_id = ''
        or amount_type is null or amount_type = 'NULL' or (amount_type = 'VARCHAR' and (doc->>'$.amount_ngn') = '')
        or time_type is null or time_type = 'NULL' or (time_type = 'VARCHAR' and event_time = '')
      ) then 'missing_field'
      when not plain and not coalesce(regexp_full_match(amount_text, '${amountPattern}'), false) then 'bad_amount'
      when instant is null then 'bad_time'
      when instant > created_at + interval 600 seconds then 'clock_ahead'
      when instant < $start then 'before_start'
    end as reason
  from exact
)
select id, created_at, sent, reason,
  case when reason is null then instant else greatest(created_at, $start) end as filed_at,
  transaction_id, merchant_id, terminal_id, customer_id,
  case when reason is null then amount_text::decimal(18, 2) end as amount_ngn,
  instant as event_time, phone_number, channel,
  case when reason is null and not plain then ${extraOf("names", "members")} end as extra,
  case when reason is not null then payload end as payload
from judged`;
}

/** DuckDB takes NaN, Infinity and trailing commas for JSON. Where they seem to stand, look again with the texts emptied. */
function isJson(text: string): string {
  const odd = String.raw`(?i),[ \t\r\n]*[\]}]|nan|inf`;
  return `json_valid(${text}) and not (regexp_matches(${text}, '${odd}') and regexp_matches(${withoutTexts(text)}, '${odd}'))`;
}

/**
 * The amount as its digits are written: DuckDB's JSON functions write numbers anew, from doubles. Where the name stands
 * once and nothing is escaped, it is what follows the name, if that is at the top level, which the type has shown. Else
 * texts are emptied, the name marked, and nested values folded from the inside out, until the top level is left.
 */
function amountAsWritten(text: string): string {
  const space = String.raw`[ \t\r\n]*`;
  const value = String.raw`([^ \t\r\n,}]*)`;
  const once = `length(${text}) - length(replace(${text}, 'amount_ngn', '')) = 10 and not contains(${text}, '\\u')`;
  const simple = `regexp_extract(${text}, '[{,]${space}"amount_ngn"${space}:${space}${value}', 1)`;
  const opened = String.raw`regexp_replace(trim(${text}, E' \t\r\n'), '^\{|\}$', ',', 'g')`;
  const marked = String.raw`regexp_replace(${opened}, '([{,]${space})"${inAnyEscape("amount_ngn")}"(${space}:)', '\1#\2', 'g')`;
  const depth = `length(${text}) - length(replace(replace(${text}, '{', ''), '[', ''))`;
  const fold = String.raw`regexp_replace(level, '\{[^{}\[\]]*\}|\[[^{}\[\]]*\]', '0', 'g')`;
  const folded = `list_reduce(list_prepend(${withoutTexts(marked)}, list_transform(range(${depth}), lambda i: '')), lambda level, i: ${fold})`;
  return `case when ${once} then ${simple} else regexp_extract(${folded}, ',${space}#${space}:${space}${value}', 1) end`;
}

/** JSON with every text in it emptied. */
function withoutTexts(text: string): string {
  return String.raw`regexp_replace(${text}, '"(?:[^"\\]|\\.)*"', '""', 'g')`;
}

/** A name as JSON may spell it: each letter itself or its \u escape, in either case. */
function inAnyEscape(name: string): string {
  return [...name]
    .map((letter) => {
      const hex = letter.charCodeAt(0).toString(16).padStart(4, "0");
      return String.raw`(?:${letter}|\\u${hex.replaceAll(/[a-f]/g, (digit) => `[${digit}${digit.toUpperCase()}]`)})`;
    })
    .join("");
}

/** The pattern has seen to the form; the cast sees to the calendar, wants seconds and knows no comma. */
function instantOf(text: string): string {
  return String.raw`try_cast(
        case when ${text}[20:20] in ('.', 'Z') then ${text}
          else regexp_replace(replace(${text}, ',', '.'), 'T([0-9]{2}:[0-9]{2})(Z|[+-])', 'T\1:00\2') end
        as timestamptz)`;
}

/** The other top-level fields, as they stand; of a repeated name the first. */
function extraOf(names: string, values: string): string {
  const ours = fields.map((name) => `'${name}'`).join(", ");
  const others = `list_filter(
      list_zip(${names}, ${values}),
      lambda member, i: member[1] not in (${ours}) and list_position(${names}, member[1]) = i
    )`;
  const texts = `list_transform(${others}, lambda member: to_json(member[1]) || ':' || member[2])`;
  return `nullif('{' || array_to_string(${texts}, ',') || '}', '{}')::json`;
}
