// The open model: requests arrive at a fixed rate whether or not the earlier ones were answered.
//
// Each virtual user owns every n-th arrival and has its own connection. There are enough of them for a queue of a second;
// an arrival whose user still waits for an answer is not sent but counted as dropped.
import exec from 'k6/execution';
import { bystanderScenarios } from './bystander.js';
import { clock, enter, patienceMs, sleepUntil } from './gate.js';
import { loadParams, sendLoad } from './request.js';
import { maxDuration } from './settings.js';
import { handOver, newTally, tallyBySending } from './tally.js';

export { bystander_fresh, bystander_kept } from './bystander.js';

const RATE_PER_S = Number(__ENV.RATE_PER_S);
const USERS = Number(__ENV.USERS);
const LATEST_MS = 20;  // an arrival that is this late was dropped: its user was not free
const params = loadParams();

export const options = {
  scenarios: {
    load: { executor: 'per-vu-iterations', vus: USERS, iterations: 1, maxDuration, exec: 'load' },
    ...bystanderScenarios(),
  },
  systemTags: [],
};

export function load() {
  if (!enter('load')) return;
  const tally = newTally('open');
  tally.late_ms = Math.max(0, Date.now() - clock.startMs);
  const firstMs = clock.startMs + (exec.scenario.iterationInTest * 1000) / RATE_PER_S;
  let lastMs = 0;
  for (let dueMs = firstMs; dueMs < clock.windowEndMs; dueMs += (USERS * 1000) / RATE_PER_S) {
    const overdueMs = Math.max(0, -sleepUntil(dueMs));
    if (overdueMs > LATEST_MS) {
      tally.dropped += 1;
      continue;
    }
    params.timeout = patienceMs(Date.now(), lastMs);
    const sent = sendLoad(params);
    if (sent.error === null) lastMs = sent.latencyMs;
    tallyBySending(tally, { ...sent, latencyMs: sent.latencyMs + overdueMs });
  }
  handOver(tally);
}
