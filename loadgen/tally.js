// What one virtual user saw, kept in variables of its own and handed over once at its end: k6's own metrics would cost
// more than the requests they count.
import { clock } from './gate.js';
import { settings } from './settings.js';

const BINS_PER_DOUBLING = 256;  // as in runners/numbers/histogram.py
const SLICES_IN_WINDOW = 12;    // as in runners/measure/tallies.py
const MOST_BINS = 16384;
const PER_DOUBLING = BINS_PER_DOUBLING / Math.LN2;
const SLICES_PER_MS = SLICES_IN_WINDOW / settings.windowMs;
const WARMUP_SLICES = Math.ceil((settings.warmupMs * SLICES_IN_WINDOW) / settings.windowMs);

export function newTally(role) {
  return {
    role, requests: 0, stay_ms: 0, completed: 0, correct: 0, sum_ms: 0, min_ms: null, max_ms: null, errors: {},
    first_ms: null, late_ms: 0, dropped: 0, cells: new Map(),
  };
}

// Closed loop: a request belongs to the window, and to a slice of the trial, by when it ended.
export function tallyByEnd(tally, sent) {
  tallyShare(tally, sent);
  if (tally.first_ms === null && sent.error === null) tally.first_ms = sent.endMs - clock.windowStartMs;
  countAnswer(tally, sent);
  tallyAt(tally, sent, sent.endMs);
}

// Open model: by when it was sent, so that a slow answer is never lost from the latencies.
export function tallyBySending(tally, sent) {
  tallyShare(tally, sent);
  countAnswer(tally, sent);
  tallyAt(tally, sent, sent.endMs - sent.latencyMs);
}

// A line of JSON for each user, in which the counts of cells stand flat: cell, count, cell, count, …
export function handOver(tally) {
  const cells = [];
  if (tally.cells) tally.cells.forEach((count, cell) => cells.push(cell, count));
  console.log(JSON.stringify(tally.cells ? { ...tally, cells } : tally));
}

// Counts a request by the share of its stay that lies inside the window: summed over all, it is their number without the
// rounding at the window's edges that whole completions have when answers come in bursts. The stay itself, summed and
// divided by the window's length, is the mean number in flight. An error counts where any of its stay lies inside.
function tallyShare(tally, sent) {
  const startMs = sent.endMs - sent.latencyMs;
  if (startMs >= clock.windowStartMs && sent.endMs < clock.windowEndMs && sent.error === null) {
    tally.stay_ms += sent.latencyMs;
    tally.requests += 1;
    return;
  }
  const insideMs = Math.min(sent.endMs, clock.windowEndMs) - Math.max(startMs, clock.windowStartMs);
  if (insideMs < 0) return;
  if (sent.error !== null) tally.errors[sent.error] = (tally.errors[sent.error] || 0) + 1;
  if (insideMs === 0) return;
  tally.stay_ms += Math.min(insideMs, sent.latencyMs);
  if (sent.error === null) tally.requests += Math.min(1, insideMs / sent.latencyMs);
}

// Whole answers, right or wrong, that came inside the window.
function countAnswer(tally, sent) {
  if (sent.endMs < clock.windowStartMs || sent.endMs >= clock.windowEndMs) return;
  tally.completed += 1;
  if (sent.error === null) tally.correct += 1;
}

// A timeout is an error and a latency; any other error has no latency worth the name.
function tallyAt(tally, sent, atMs) {
  const isInside = atMs >= clock.windowStartMs && atMs < clock.windowEndMs;
  if (sent.error !== null && sent.error !== 'timeout') return;
  if (isInside) addUp(tally, sent.latencyMs);
  const slice = Math.floor((atMs - clock.windowStartMs) * SLICES_PER_MS) + WARMUP_SLICES;
  if (slice < 0 || slice >= WARMUP_SLICES + SLICES_IN_WINDOW) return;
  const key = slice * MOST_BINS + binOf(sent.latencyMs);
  tally.cells.set(key, (tally.cells.get(key) || 0) + 1);
}

function addUp(tally, latencyMs) {
  tally.sum_ms += latencyMs;
  if (tally.min_ms === null || latencyMs < tally.min_ms) tally.min_ms = latencyMs;
  if (tally.max_ms === null || latencyMs > tally.max_ms) tally.max_ms = latencyMs;
}

function binOf(latencyMs) {
  return Math.max(0, Math.floor(Math.log(Math.max(latencyMs * 1000, 1)) * PER_DOUBLING));
}
