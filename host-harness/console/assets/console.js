// What pages do beside what HTML does by itself: tooltips by mouse, keyboard and touch; light or dark; the page as it is now.
"use strict";

// Tooltips. A click opens one without this script as well; here also hovering and focus do, and it stands beside its word.
function place(tip, word) {
  const box = word.getBoundingClientRect();
  tip.showPopover();
  const { width, height } = tip.getBoundingClientRect();
  const left = Math.max(8, Math.min(box.left, innerWidth - width - 8));
  const below = box.bottom + 6;
  tip.style.left = `${left}px`;
  tip.style.top = `${below + height < innerHeight ? below : Math.max(8, box.top - height - 6)}px`;
}
function tipOf(target) {
  const word = target instanceof Element && target.closest(".explained");
  return word ? [document.getElementById(word.getAttribute("popovertarget")), word] : [];
}
let clicked = null;
for (const [event, opens] of [["mouseover", true], ["focusin", true], ["mouseout", false], ["focusout", false]]) {
  document.addEventListener(event, ({ target }) => {
    const [tip, word] = tipOf(target);
    if (!tip || clicked === tip) return;
    if (opens) place(tip, word);
    else if (tip.matches(":popover-open") && document.activeElement !== word) tip.hidePopover();
  });
}
document.addEventListener("click", (event) => {
  const [tip, word] = tipOf(event.target);
  if (!tip) { clicked = null; return; }
  event.preventDefault();
  if (clicked === tip) { tip.hidePopover(); clicked = null; } else { place(tip, word); clicked = tip; }
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  clicked = null;
  document.querySelectorAll(".tip:popover-open").forEach((tip) => tip.hidePopover());
});

// Light or dark, remembered in a cookie, so that the next page comes in it at once.
document.addEventListener("click", ({ target }) => {
  if (!(target instanceof Element) || !target.closest("[data-theme-switch]")) return;
  const root = document.documentElement;
  const isDark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  root.dataset.theme = isDark ? "light" : "dark";
  document.cookie = `gegi-theme=${root.dataset.theme}; path=/console; max-age=31536000; samesite=lax`;
});

// The page as it is now: what changed is fetched and put in place of what is there, without losing focus, tooltips or
// what somebody is typing.
function isBusy() {
  return [...document.querySelectorAll("main input, main textarea, main select")].some((field) => field.dataset.touched);
}
document.addEventListener("input", ({ target }) => { if (target.closest("main")) target.dataset.touched = "yes"; });

function morph(old, fresh) {
  if (old.nodeType !== fresh.nodeType || old.nodeName !== fresh.nodeName || (old.id || "") !== (fresh.id || "")) {
    old.replaceWith(fresh);
    return;
  }
  if (old.nodeType !== Node.ELEMENT_NODE) {
    if (old.nodeValue !== fresh.nodeValue) old.nodeValue = fresh.nodeValue;
    return;
  }
  for (const { name } of [...old.attributes]) if (!fresh.hasAttribute(name) && name !== "style") old.removeAttribute(name);
  for (const { name, value } of fresh.attributes) if (old.getAttribute(name) !== value) old.setAttribute(name, value);
  const [before, after] = [[...old.childNodes], [...fresh.childNodes]];
  after.forEach((node, number) => { if (before[number]) morph(before[number], node); else old.append(node); });
  before.slice(after.length).forEach((node) => node.remove());
}
let fetching = false;
let again = false;
const AT_MOST_EVERY = 1000; // A school that is busy changes many times a second; nobody reads that fast.
async function refresh() {
  if (fetching) { again = true; return; }
  if (isBusy()) return;
  fetching = true;
  const begun = performance.now();
  try {
    const answer = await fetch(location.href, { headers: { "x-refresh": "1" } });
    if (!answer.ok || answer.redirected) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const [main, side] = [page.querySelector("main"), page.querySelector(".side nav")];
    if (main && !isBusy()) morph(document.querySelector("main"), main);
    if (side) morph(document.querySelector(".side nav"), side);
    document.documentElement.dataset.fresh = String(Number(document.documentElement.dataset.fresh || 0) + 1);
  } finally {
    setTimeout(() => {
      fetching = false;
      if (again) { again = false; refresh(); }
    }, Math.max(0, AT_MOST_EVERY - (performance.now() - begun)));
  }
}
const source = document.querySelector("main")?.dataset.events;
if (source) {
  const events = new EventSource(source);
  events.addEventListener("change", refresh);
  events.addEventListener("open", () => { document.documentElement.dataset.live = "yes"; });
}

// The demo's clock, where there is one.
const clock = document.getElementById("clock");
async function ask(method, body) {
  const token = document.querySelector("meta[name=form-token]")?.content || "";
  const answer = await fetch("/console/demo/clock", { method, body, headers: { "x-form-token": token } });
  return answer.ok ? answer.json() : null;
}
function show(time) {
  const at = new Date(time.now);
  clock.querySelector("time").textContent = at.toLocaleString("en-GB", { timeZone: clock.dataset.zone, weekday: "short", day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });
  clock.querySelector("[data-play]").textContent = time.playing ? "Pause" : "Play";
  clock.querySelector("[data-speed]").value = String(time["minutes-per-second"]);
}
async function change(what) { const time = await ask("POST", JSON.stringify(what)); if (time) show(time); }
async function watch() {
  const time = await ask("GET");
  if (!time) return;
  clock.innerHTML = "";
  const moment = document.createElement("time");
  const bar = document.createElement("div");
  bar.className = "bar";
  const button = (word, name, act) => {
    const made = document.createElement("button");
    made.type = "button"; made.textContent = word; made.dataset[name] = ""; made.addEventListener("click", act); bar.append(made);
  };
  button("Play", "play", ({ target }) => change({ playing: target.textContent === "Play" }));
  button("+1 h", "hour", () => change({ "step-minutes": 60 }));
  button("+1 day", "day", () => change({ "step-minutes": 1440 }));
  const speed = document.createElement("select");
  speed.dataset.speed = "";
  speed.setAttribute("aria-label", "Minutes of the school's time in a second");
  for (const [minutes, word] of [["1", "1 min/s"], ["30", "30 min/s"], ["240", "4 h/s"], ["1000", "17 h/s"]]) speed.append(new Option(word, minutes));
  speed.addEventListener("change", () => change({ "minutes-per-second": Number(speed.value) }));
  clock.append(moment, bar, speed);
  clock.hidden = false;
  show(time);
  setInterval(async () => { if (!document.hidden) { const now = await ask("GET"); if (now) show(now); } }, 1000);
}
if (clock) watch();
