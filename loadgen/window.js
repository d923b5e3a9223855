// Sends one checked request and records it if it belongs to the measured window.
import http from 'k6/http';
import { Counter, Trend } from 'k6/metrics';
import { settings } from './settings.js';

const TIMEOUT_ERROR_CODE = 1050;
const NO_ERROR_CODE = 0;

export const errorKinds = ['status', 'body', 'timeout', 'connection'];
const SLICES = 16;

// One set of metrics for each stream of requests, so that the streams never mix.
export function newStream(name) {
  return {
    latency: new Trend(`${name}_latency`),
    requests: new Counter(`${name}_requests`),
    stay: new Counter(`${name}_stay`),
    errors: Object.fromEntries(errorKinds.map((kind) => [kind, new Counter(`${name}_errors_${kind}`)])),
  };
}

// Sends a GET; returns the time it took (waiting for a connection included) and what was wrong with the answer, or null.
export function send(url, expectedResult, params) {
  const response = http.get(url, params);
  return {
    endMs: Date.now(),
    latencyMs: response.timings.blocked + response.timings.duration,
    error: errorOf(response, expectedResult),
  };
}

function errorOf(response, expectedResult) {
  if (response.error_code === TIMEOUT_ERROR_CODE) return 'timeout';
  if (response.error_code !== NO_ERROR_CODE && response.status === 0) return 'connection';
  if (response.status !== 200) return 'status';
  return resultOf(response.body) === expectedResult ? null : 'body';
}

function resultOf(body) {
  try {
    return String(JSON.parse(body).result);
  } catch (_) {
    return undefined;
  }
}

// Counts a request by the share of its stay that lies inside the window: summed over all, it is their number without the
// rounding at the window's edges that whole completions have when answers come in bursts. The stay itself, summed and
// divided by the window's length, is the mean number in flight.
export function recordShare(stream, sent) {
  const startMs = sent.endMs - sent.latencyMs;
  const insideMs = Math.min(sent.endMs, settings.windowEndMs) - Math.max(startMs, settings.windowStartMs);
  if (insideMs <= 0) return;
  stream.stay.add(Math.min(insideMs, sent.latencyMs));
  if (sent.error === null) stream.requests.add(Math.min(1, insideMs / sent.latencyMs));
}

export function endedInWindow(sent) {
  return sent.endMs >= settings.windowStartMs && sent.endMs < settings.windowEndMs;
}

// Trends over stretches of equal length from the load's start to the window's end, to look inside a trial.
export function newSlices() {
  return Array.from({ length: SLICES }, (_, i) => new Trend(`slice_${i}`));
}

export function recordSlice(slices, sent) {
  const position = (sent.endMs - settings.startMs) / (settings.windowEndMs - settings.startMs);
  const index = Math.floor(position * SLICES);
  if (index >= 0 && index < SLICES) slices[index].add(sent.latencyMs);
}

// A timeout is an error and a latency; any other error has no latency worth the name.
export function record(stream, sent) {
  if (sent.error !== null) stream.errors[sent.error].add(1);
  if (sent.error === null || sent.error === 'timeout') stream.latency.add(sent.latencyMs);
}
