// Choosing and toggling; what is drawn comes from the specifications in the page.
(() => {
  "use strict";
  const root = document.documentElement;
  const element = (id) => document.getElementById(id);
  const read = (id) => JSON.parse(element(id).textContent);
  const { charts, config } = read("specifications");
  const options = { mode: "vega-lite", renderer: "svg", actions: false, ast: true, config, tooltip: { theme: "page" } };
  const fit = { width: "container", autosize: { type: "fit-x", contains: "padding" } };

  // Charts: those in sight at once, the others one by one while nothing else is to do.
  const drawn = new Set();
  const draw = (place) => {
    if (drawn.has(place)) return;
    drawn.add(place);
    const spec = charts[place.dataset.chart];
    if (spec) vegaEmbed(place, { ...spec, ...fit }, options);
  };
  const places = [...document.querySelectorAll(".chart")];
  const idle = window.requestIdleCallback ?? ((work) => setTimeout(work, 30));
  const drawRest = () => {
    const next = places.find((place) => !drawn.has(place));
    if (next) { draw(next); idle(drawRest); } else { root.dataset.drawn = "all"; }
  };

  // Theme: the system's, until the button says otherwise.
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const button = element("theme");
  const isDark = () => (root.dataset.theme ?? (dark.matches ? "dark" : "light")) === "dark";
  const label = () => { button.textContent = isDark() ? "Light theme" : "Dark theme"; };
  const kept = { get: () => { try { return localStorage.getItem("theme"); } catch { return null; } },
    set: (theme) => { try { localStorage.setItem("theme", theme); } catch { /* a page from a file may keep nothing */ } } };
  if (kept.get() === "dark" || kept.get() === "light") root.dataset.theme = kept.get();
  button.addEventListener("click", () => { root.dataset.theme = isDark() ? "light" : "dark"; kept.set(root.dataset.theme); label(); });
  dark.addEventListener("change", label);
  label();
  button.hidden = false;

  // Tabs: one is in the tab order, arrows move between them.
  const choose = (tabs, chosen) => {
    for (const tab of tabs) {
      const on = tab === chosen;
      tab.setAttribute("aria-selected", on);
      tab.tabIndex = on ? 0 : -1;
      element(tab.getAttribute("aria-controls")).classList.toggle("closed", !on);
    }
    element(chosen.getAttribute("aria-controls")).querySelectorAll(".chart").forEach(draw);
  };
  const steps = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 };
  for (const list of document.querySelectorAll("[role=tablist]")) {
    const tabs = [...list.children];
    for (const tab of tabs) tab.tabIndex = tab.getAttribute("aria-selected") === "true" ? 0 : -1;
    list.addEventListener("click", (event) => { if (tabs.includes(event.target)) choose(tabs, event.target); });
    list.addEventListener("keydown", (event) => {
      const at = tabs.indexOf(document.activeElement);
      const to = event.key === "Home" ? 0 : event.key === "End" ? tabs.length - 1 : event.key in steps ? (at + steps[event.key] + tabs.length) % tabs.length : -1;
      if (at < 0 || to < 0) return;
      event.preventDefault();
      choose(tabs, tabs[to]);
      tabs[to].focus();
    });
  }
  root.classList.add("js");

  // Overview: metric and load; the rate of an open load was chosen, so it is not offered.
  const metric = element("overview-metric"), load = element("overview-load");
  const showOverview = () => {
    const rate = metric.options[0];
    rate.disabled = load.selectedOptions[0].dataset.kind === "open";
    if (rate.disabled && rate.selected) metric.selectedIndex = 1;
    const place = element("overview");
    place.dataset.chart = `overview-${load.value}-${metric.value}`;
    drawn.delete(place);
    draw(place);
  };
  if (metric) { metric.addEventListener("change", showOverview); load.addEventListener("change", showOverview); showOverview(); }

  // Inside a trial.
  const inside = read("trials");
  const [cell, subject, round] = ["cell", "subject", "round"].map((name) => element(`inside-${name}`));
  const fill = (select, texts, values) => texts.forEach((text, index) => select.add(new Option(text, values ? values[index] : index)));
  fill(cell, inside.cells); fill(subject, inside.subjects); fill(round, inside.rounds, inside.rounds);
  const extent = inside.shown < inside.total ? `The page carries the first ${inside.shown.toLocaleString("en")} of ${inside.total.toLocaleString("en")} trials; the others are in trials.jsonl.` : "";
  element("inside-extent").textContent = extent;
  const rows = (flat, names) => Array.from({ length: flat.length / 3 }, (_, row) => Object.fromEntries(names.map((name, column) => [name, flat[3 * row + column]])));
  const showTrial = () => {
    // A repeated block has several attempts; the last one is the one that counts.
    const trial = inside.trials.findLast((one) => one.cell === +cell.value && one.subject === +subject.value && one.round === +round.value);
    const said = element("inside-said"), log = element("inside-log"), place = element("inside-chart");
    log.hidden = !trial?.log;
    log.textContent = trial?.log ?? "";
    place.replaceChildren();
    if (!trial) { said.textContent = "No such trial in this page."; return; }
    const name = `Block ${trial.block}, attempt ${trial.attempt}${trial.void ? `, void: ${trial.void}` : ""}`;
    if (trial.failed) { said.textContent = `${name}. Failed: ${trial.failed}`; return; }
    said.textContent = trial.slices.length || trial.samples.length ? `${name}.` : `${name}. No time series were stored.`;
    const datasets = { slices: rows(trial.slices, ["at_s", "rate", "p95_ms"]), samples: rows(trial.samples, ["at_s", "cores", "memory_mib"]), edges: [{ at_s: 0 }, { at_s: trial.window_s }] };
    const width = Math.max(180, place.clientWidth - 90);
    const spec = inside.specification;
    vegaEmbed(place, { ...spec, datasets, vconcat: spec.vconcat.map((panel) => ({ ...panel, width })) }, options);
  };
  for (const select of [cell, subject, round]) select.addEventListener("change", showTrial);
  element("inside-details").addEventListener("toggle", (event) => { if (event.target.open) showTrial(); });

  const near = new IntersectionObserver((entries) => entries.filter((entry) => entry.isIntersecting).forEach((entry) => draw(entry.target)), { rootMargin: "400px" });
  places.forEach((place) => near.observe(place));
  idle(drawRest);
})();
