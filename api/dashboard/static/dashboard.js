// Scrubjay's dashboard: swaps in what has changed, and replays or discards dead letters on request.
// Pages work without it; it is all the script there is.

const ROOT = document.body.dataset.root;
const PATIENCE_MS = 10_000;
const SLOWEST_MS = 30_000;
const page = document.getElementById("content");
const parts = document.getElementById("parts");
const trouble = document.getElementById("trouble");
const flash = document.getElementById("flash");
const live = document.getElementById("live");
const seen = document.getElementById("seen");
const said = document.getElementById("said");
const sure = document.getElementById("sure");

const isLive = () => !document.hidden && (!live || live.checked);
const isStill = () => document.querySelector("[data-live][data-still]") !== null;
const clock = () => `${new Date().toISOString().slice(11, 19)} UTC`;

function say(sentence) {
  if (sentence && said.textContent !== sentence) said.textContent = sentence;
}

// --- Swapping -------------------------------------------------------------------------------------------------

function isBeingRead(region) {
  const chosen = document.getSelection();
  return chosen && !chosen.isCollapsed && region.contains(chosen.anchorNode);
}

function swap(html, { force = false } = {}) {
  const fresh = new DOMParser().parseFromString(html, "text/html");
  for (const next of fresh.querySelectorAll("[data-live]")) {
    const region = document.getElementById(next.id);
    if (!region) continue;
    say(next.dataset.said);
    enable(next);
    if (region.isEqualNode(next) || (!force && isBeingRead(region))) continue;
    const focused = region.contains(document.activeElement) ? document.activeElement.id : "";
    region.replaceWith(document.adoptNode(next));
    if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
  }
}

let asked = 0;

async function refresh(options) {
  const mine = ++asked;
  try {
    const response = await fetch(page.dataset.src, { signal: AbortSignal.timeout(PATIENCE_MS), cache: "no-store" });
    const html = await response.text();
    if (mine !== asked) return true;
    if (response.status === 401) location.reload(); // the session has ended: the same address asks to sign in
    if (!response.ok) {
      complain(new DOMParser().parseFromString(html, "text/html").body.textContent.trim() || response.statusText);
      return false;
    }
    trouble.replaceChildren();
    swap(html, options);
    if (seen) seen.textContent = `seen ${clock()}`;
    return true;
  } catch {
    if (mine === asked) complain("The server does not answer.");
    return false;
  }
}

function complain(reason) {
  const line = document.createElement("p");
  line.className = "alarm";
  line.textContent = `${reason} What you see is from before; this page tries again by itself.`;
  if (trouble.textContent === line.textContent) return;
  trouble.replaceChildren(line);
  if (parts) askParts();
}

// --- Going on by itself ---------------------------------------------------------------------------------------

/** Call `look` every so often while the page is looked at; less often while it fails. */
function keep(look, everyMs, wanted) {
  let timer = 0;
  let pause = everyMs;
  async function go() {
    clearTimeout(timer);
    if (!wanted()) return;
    pause = (await look()) ? everyMs : Math.min(pause * 2, SLOWEST_MS);
    clearTimeout(timer);
    if (wanted()) timer = setTimeout(go, pause);
  }
  document.addEventListener("visibilitychange", go);
  live?.addEventListener("change", go);
  timer = setTimeout(go, everyMs);
  return go;
}

async function askParts() {
  try {
    const response = await fetch(parts.dataset.src, { signal: AbortSignal.timeout(PATIENCE_MS), cache: "no-store" });
    if (!response.ok) return false;
    const html = await response.text();
    const fresh = new DOMParser().parseFromString(html, "text/html").body;
    if (parts.innerHTML !== fresh.innerHTML) parts.replaceChildren(...fresh.childNodes);
    return true;
  } catch {
    return false;
  }
}

if (page.dataset.every) keep(() => isStill() || refresh(), page.dataset.every * 1000, isLive);
if (parts) keep(askParts, parts.dataset.every * 1000, () => !document.hidden)();

if (live) {
  document.getElementById("live-switch").hidden = false;
  live.checked = sessionStorage.getItem("live") !== "no";
  seen.textContent = live.checked ? `seen ${clock()}` : "paused";
  live.addEventListener("change", () => {
    sessionStorage.setItem("live", live.checked ? "yes" : "no");
    seen.textContent = live.checked ? `seen ${clock()}` : "paused";
    say(live.checked ? "Live again." : "Paused.");
  });
}

// --- Dead letters, and what is in quarantine ------------------------------------------------------------------

function enable(within) {
  for (const button of within.querySelectorAll("[data-deed]")) button.disabled = false;
}

const JUDGED = { release: "Released: it is a memory like any other now.", discard: "Discarded." };

function told(deed, { count, left, reason }) {
  const rest = left ? ` ${left} stay dead: ${reason}. Try again later.` : "";
  if (!count && !left) return "Already handled by someone else.";
  const turns = count === 1 ? "1 turn" : `${count} turns`;
  return deed === "replay" ? `${turns} sent back to be remembered.${rest}` : `${turns} discarded.`;
}

function isSure({ ask, title = "Discard for good?", go = "Discard" }) {
  document.getElementById("sure-title").textContent = title;
  document.getElementById("sure-what").textContent = ask;
  document.getElementById("sure-go").textContent = go;
  document.getElementById("sure-go").classList.toggle("danger", go === "Discard");
  sure.returnValue = "no";
  sure.showModal();
  return new Promise((resolve) => {
    sure.addEventListener("close", () => resolve(sure.returnValue === "yes"), { once: true });
  });
}

async function act(button) {
  const { deed, id, turn, held, error, which, ask } = button.dataset;
  if (ask && !(await isSure(button.dataset))) return;
  button.disabled = true;
  if (turn) show(await send("DELETE", `/turns/${encodeURIComponent(turn)}`, undefined, () => told(deed, { count: 1 })));
  else if (held) show(await send("POST", `/quarantine/${held}/${deed}`, {}, () => JUDGED[deed]));
  else {
    const meant = which ? JSON.parse(which) : id ? { ids: [id] } : { error };
    show(await send("POST", `/dead/${deed}`, meant, (answer) => told(deed, answer)));
  }
  await refresh({ force: true });
  button.disabled = false;
}

async function send(method, path, body, words) {
  // JSON from a script of this origin: another site's form cannot send it, and its script may not.
  try {
    const response = await fetch(`${ROOT}${path}`, {
      method,
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
    });
    const answer = await response.json();
    return response.ok ? words(answer) : answer.detail;
  } catch {
    return "No response from the server. The action may or may not have been applied.";
  }
}

function show(sentence) {
  flash.textContent = sentence;
  flash.hidden = false;
  flash.focus();
}

enable(document);
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-deed]");
  if (button) act(button);
});
