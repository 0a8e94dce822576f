/**
 * What the pages can do better with a script; without it they read and work the same. It tells how long ago things were,
 * ticks whole lists, and looks at the page again while somebody is looking at it: at most every ten seconds, less often
 * when that fails, and never while something is being typed or chosen.
 */
export const SCRIPT = String.raw`"use strict";
(() => {
  const EVERY_MS = 10000;
  const LONGEST_MS = 160000;
  const UNITS = [["day", 86400000], ["hour", 3600000], ["minute", 60000], ["second", 1000]];
  const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
  const main = () => document.getElementById("main");

  const ago = (ms) => {
    const [unit, size] = UNITS.find(([, each]) => Math.abs(ms) >= each) || ["second", 1000];
    return relative.format(-Math.floor(ms / size) || 0, unit);
  };
  const tellTimes = () => {
    for (const time of document.querySelectorAll("time[data-ago]")) time.textContent = ago(Date.now() - Date.parse(time.dateTime));
  };

  const offerTickAll = () => {
    for (const all of document.querySelectorAll("[data-tick-all]")) {
      all.hidden = false;
      const box = all.querySelector("input");
      box.addEventListener("change", () => {
        for (const each of all.closest("section").querySelectorAll("input[name=id]")) each.checked = box.checked;
      });
    }
  };
  const dress = () => {
    tellTimes();
    offerTickAll();
  };

  const control = document.querySelector("[data-live]");
  const busy = () => {
    const focused = document.activeElement;
    if (focused && main().contains(focused) && focused.matches("input, select, textarea, button, pre")) return true;
    if (!getSelection().isCollapsed) return true;
    return [...main().querySelectorAll("form.action input, form.action textarea, details")].some((each) =>
      each.localName === "details" ? each.open : each.type === "checkbox" ? each.checked !== each.defaultChecked : each.value !== each.defaultValue,
    );
  };

  let etag = null;
  let waitMs = EVERY_MS;
  let timer = 0;
  const on = () => control && control.querySelector("button").getAttribute("aria-pressed") === "true" && !document.hidden;
  const plan = () => {
    clearTimeout(timer);
    if (on()) timer = setTimeout(look, waitMs);
  };
  const say = (text) => {
    control.querySelector("[data-live-text]").textContent = text;
  };
  const replace = (text) => {
    const fresh = new DOMParser().parseFromString(text, "text/html").getElementById("main");
    if (!fresh || busy()) return;
    const focused = document.activeElement;
    const href = focused && main().contains(focused) ? focused.getAttribute("href") : null;
    main().replaceChildren(...fresh.childNodes);
    dress();
    if (href !== null) [...main().querySelectorAll("a")].find((link) => link.getAttribute("href") === href)?.focus({ preventScroll: true });
  };
  const look = async () => {
    if (busy()) return plan();
    try {
      const answer = await fetch(location.href, { headers: etag === null ? {} : { "if-none-match": etag }, cache: "no-store", redirect: "error" });
      if (answer.status !== 304 && answer.status !== 200) throw new Error(String(answer.status));
      if (answer.status === 200) {
        etag = answer.headers.get("etag");
        replace(await answer.text());
      }
      waitMs = EVERY_MS;
      say("as of " + new Date().toISOString().slice(11, 19));
    } catch {
      waitMs = Math.min(waitMs * 2, LONGEST_MS);
      say("not reached; again in " + waitMs / 1000 + " s");
    }
    tellTimes();
    plan();
  };

  dress();
  // Scrolled by hand: scrollIntoView would make the link the place from which Tab goes on.
  const here = document.querySelector("nav.pages [aria-current]");
  const bar = here?.closest("nav.pages");
  if (bar) {
    const [link, all] = [here.getBoundingClientRect(), bar.getBoundingClientRect()];
    bar.scrollLeft += link.left + link.width / 2 - (all.left + all.width / 2);
  }
  if (control) {
    control.hidden = false;
    const button = control.querySelector("button");
    if (sessionStorage.getItem("live") === "off") button.setAttribute("aria-pressed", "false");
    button.addEventListener("click", () => {
      const pressed = button.getAttribute("aria-pressed") !== "true";
      button.setAttribute("aria-pressed", String(pressed));
      sessionStorage.setItem("live", pressed ? "on" : "off");
      say(pressed ? "" : "paused");
      plan();
    });
    document.addEventListener("visibilitychange", plan);
    plan();
  }
})();
`;
