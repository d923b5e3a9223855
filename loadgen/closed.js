// The closed loop: a fixed number of clients, each sending its next request as soon as the last is answered.
import { sleep } from 'k6';
import { Counter, Trend } from 'k6/metrics';
import { bystanderScenarios } from './bystander.js';
import { maxDuration, settings } from './settings.js';
import { summaryTrendStats } from './summary.js';
import { endedInWindow, newSlices, newStream, record, recordShare, recordSlice, send } from './window.js';

export { bystander_fresh, bystander_kept } from './bystander.js';
export { handleSummary } from './summary.js';

const CLIENTS = Number(__ENV.CLIENTS);
const PAUSE_AFTER_REFUSAL_S = 0.05;

const stream = newStream('load');
const completed = new Counter('load_completed');
const started = new Trend('load_started');
const finished = new Counter('load_finished');
const slices = newSlices();

export const options = {
  scenarios: {
    load: { executor: 'per-vu-iterations', vus: CLIENTS, iterations: 1, maxDuration, exec: 'load' },
    ...bystanderScenarios(),
  },
  systemTags: ['scenario'],
  summaryTrendStats,
};

export function load() {
  const params = { timeout: settings.timeoutMs };
  const waitMs = settings.startMs - Date.now();
  started.add(Math.max(0, -waitMs));
  if (waitMs > 0) sleep(waitMs / 1000);
  while (Date.now() < settings.windowEndMs) {
    const sent = send(settings.url, settings.expectedResult, params);
    recordShare(stream, sent);
    if (endedInWindow(sent)) note(sent);
    recordSlice(slices, sent);
    if (sent.error === 'connection') sleep(PAUSE_AFTER_REFUSAL_S);
  }
  finished.add(1);
}

function note(sent) {
  completed.add(1);
  record(stream, sent);
}
