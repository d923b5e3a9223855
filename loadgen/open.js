// The open model: requests arrive at a fixed rate whether or not the earlier ones were answered.
//
// A request belongs to the window if it was sent inside it, so a slow answer is never lost from the latencies.
import exec from 'k6/execution';
import { Counter, Trend } from 'k6/metrics';
import { bystanderScenarios } from './bystander.js';
import { settings } from './settings.js';
import { summaryTrendStats } from './summary.js';
import { endedInWindow, newSlices, newStream, record, recordShare, recordSlice, send } from './window.js';

export { bystander_fresh, bystander_kept } from './bystander.js';
export { handleSummary } from './summary.js';

const RATE_PER_S = Number(__ENV.RATE_PER_S);
const USERS = Number(__ENV.USERS);
const FINE_GRAIN = 1000;  // k6 takes whole arrivals only: ask for rate x 1000 in 1000 seconds

const stream = newStream('load');
const completed = new Counter('load_completed');
const started = new Trend('load_started');
const finished = new Counter('load_finished');
const slices = newSlices();
const params = { timeout: settings.timeoutMs };

export const options = {
  scenarios: {
    load: {
      executor: 'constant-arrival-rate',
      rate: Math.round(RATE_PER_S * FINE_GRAIN),
      timeUnit: `${FINE_GRAIN}s`,
      duration: `${Math.max(1, settings.windowEndMs - Date.now())}ms`,
      preAllocatedVUs: USERS,
      maxVUs: USERS,
      gracefulStop: `${settings.timeoutMs + 5000}ms`,
      exec: 'load',
    },
    ...bystanderScenarios(),
  },
  systemTags: ['scenario'],
  summaryTrendStats,
};

export function load() {
  if (exec.scenario.iterationInTest === 0) started.add(Math.max(0, Date.now() - settings.startMs));
  const sent = send(settings.url, settings.expectedResult, params);
  const sentMs = sent.endMs - sent.latencyMs;
  recordShare(stream, sent);
  if (endedInWindow(sent)) completed.add(1);
  if (sentMs >= settings.windowStartMs && sentMs < settings.windowEndMs) record(stream, sent);
  recordSlice(slices, sent);
  finished.add(1);
}
