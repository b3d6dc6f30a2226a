// The page's few lines: what moves is fetched again, buttons post JSON. Without it everything can still be read.
const main = document.querySelector("main");
const awayMs = 5000;
const msOf = ({ dataset }) => ("live" in dataset ? Number(dataset.live) * 1000 : undefined);

/** Someone is reading with the pointer, the keyboard or a selection: nothing moves under them. */
const isBusy = () =>
  document.hidden ||
  main.querySelector("details[open]") ||
  /^(INPUT|BUTTON)$/.test(document.activeElement?.tagName ?? "") ||
  !(getSelection()?.isCollapsed ?? true);

async function refresh() {
  let next = awayMs;
  if (!isBusy()) {
    try {
      const answer = await fetch(location.href, { headers: { accept: "text/html" } });
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("main");
      if (fresh && answer.ok && !isBusy()) {
        const places = [...main.querySelectorAll(".scroll, .graph")].map((box) => box.scrollLeft);
        if (fresh.innerHTML !== main.innerHTML) {
          main.innerHTML = fresh.innerHTML;
          [...main.querySelectorAll(".scroll, .graph")].forEach((box, at) => (box.scrollLeft = places[at] ?? 0));
        }
        next = msOf(fresh);
      }
    } catch {
      // The server is away: it is asked again.
    }
  }
  if (next !== undefined) setTimeout(() => void refresh(), next);
}
if ("live" in main.dataset) setTimeout(() => void refresh(), msOf(main));

/** @returns what the API answered, or undefined when it refused; then `say` is told why. */
async function post(path, body, say) {
  say("");
  try {
    const answer = await fetch(path, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    const value = await answer.json();
    if (answer.ok) return value;
    say(`${value.error.message} ${value.error.hint ?? ""}`);
  } catch {
    say("The server does not answer.");
  }
  return undefined;
}

function say(text) {
  let box = document.querySelector("#say");
  if (!text) return box?.remove();
  if (!box) {
    box = document.createElement("div");
    box.id = "say";
    box.className = "error";
    box.setAttribute("role", "alert");
    document.body.append(box);
  }
  box.textContent = text;
}

const go = ({ run }) => (run ? location.assign(`/runs/${run}`) : location.reload());

document.addEventListener("click", ({ target }) => void press(target));
document.addEventListener("submit", (event) => void make(event));

async function press(target) {
  const button = target.closest?.("button[data-post]");
  if (!button || (button.dataset.confirm && !confirm(button.dataset.confirm))) return;
  button.disabled = true;
  const value = await post(button.dataset.post, {}, say);
  if (value) go(value);
  else button.disabled = false;
}

async function make(event) {
  const form = event.target.closest("form[data-make]");
  if (!form) return;
  event.preventDefault();
  const given = [...new URLSearchParams(new FormData(form))].filter(([, value]) => value !== "");
  const { upstream, force, fromStart, ...body } = Object.fromEntries(given);
  if (upstream) body.select = `+${body.select}`;
  if (force) body.force = true;
  if (fromStart) body.fromStart = true;
  const value = await post(form.dataset.make, body, (text) => (form.querySelector("output").textContent = text));
  if (value) go(value);
}
