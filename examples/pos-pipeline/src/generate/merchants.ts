import { integer, pick, seededRandom } from "./random.ts";

export const merchantColumns = ["merchant_id", "merchant_name", "merchant_category", "state", "lga"] as const;

/** The merchants file: `count` merchants, one CSV line each (a name may hold a line end). */
export function merchantsCsv(count: number, { seed, dirt }: { seed: number; dirt: boolean }): string {
  const random = seededRandom(seed ^ 0x6d657263);
  const lines = [merchantColumns.join(",")];
  for (let n = 1; n <= count; n++) {
    const [state, lgas] = pick(random, states);
    const regular = {
      name: `${pick(random, owners)} ${pick(random, trades)}`,
      category: pick(random, categories),
      state,
      lga: pick(random, lgas),
    };
    const odd = dirt ? oddMerchants[(n - 1) % 20] : undefined;
    const { name, category, lga, state: where } = { ...regular, ...odd };
    lines.push([merchantId(n), name, category, where, lga].map(csvField).join(","));
  }
  return `${lines.join("\n")}\n`;
}

export function merchantId(n: number): string {
  return `M${String(n).padStart(6, "0")}`;
}

/** A few merchants have most of the trade. */
export function anyMerchant(random: () => number, count: number): number {
  return 1 + Math.floor(count * random() * random());
}

export function terminalOf(merchant: number, random: () => number): string {
  return `POS${String((merchant * 7 + integer(random, 3)) % 100_000).padStart(5, "0")}`;
}

function csvField(value: string): string {
  return /[",\r\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value;
}

const states: readonly (readonly [string, readonly string[]])[] = [
  ["Lagos", ["Ikeja", "Eti-Osa", "Surulere", "Alimosho", "Lagos Island"]],
  ["Kano", ["Nassarawa", "Fagge", "Tarauni"]],
  ["Rivers", ["Port Harcourt", "Obio/Akpor", "Eleme"]],
  ["Oyo", ["Ibadan North", "Ogbomosho South", "Egbeda"]],
  ["Federal Capital Territory", ["Abuja Municipal", "Bwari", "Gwagwalada"]],
  ["Kaduna", ["Kaduna North", "Zaria", "Chikun"]],
  ["Enugu", ["Enugu North", "Nsukka"]],
  ["Edo", ["Oredo", "Egor", "Ikpoba-Okha"]],
  ["Anambra", ["Onitsha North", "Awka South", "Nnewi North"]],
  ["Borno", ["Maiduguri", "Jere"]],
  ["Akwa Ibom", ["Uyo", "Eket"]],
  ["Osun", ["Osogbo", "Ife Central"]],
];

const categories = ["Grocery", "Fuel", "Pharmacy", "Restaurant", "Electronics", "Fashion", "Transport", "Agro-inputs"];
const owners = ["Adébáyọ̀", "Chukwu", "Danladi", "Ekpo", "Fatima", "Gbénga", "Hauwa", "Ifeoma", "Jumai", "Kelechi"];
const trades = ["Stores", "Ventures", "Supermarket", "Filling Station", "Chemist", "Kitchen", "Boutique", "Farms"];

interface OddMerchant {
  readonly name?: string;
  readonly category?: string;
  readonly state?: string;
  readonly lga?: string;
}

/** What names and gaps in a real merchants file look like; these sit among the first of every twenty merchants. */
const oddMerchants: readonly (OddMerchant | undefined)[] = [
  undefined,
  { name: "Ọlá & Sons, Ltd." },
  { name: 'Mama "Gold" Kitchen' },
  { name: 'Ẹ̀kọ́ Books, "Ìbàdàn"' },
  { name: "Alhaji Musa\nSpare Parts" },
  { state: "", lga: "" },
  { category: "" },
  { name: " Blessed  Hands " },
  { name: "'NULL'" },
  { name: "Café 24 — 🛒" },
];
