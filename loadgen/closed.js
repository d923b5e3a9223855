// The closed loop: a fixed number of clients, each sending its next request as soon as the last is answered.
import { sleep } from 'k6';
import { bystanderScenarios } from './bystander.js';
import { clock, enter, patienceMs, sleepUntil } from './gate.js';
import { loadParams, sendLoad } from './request.js';
import { maxDuration } from './settings.js';
import { handOver, newTally, tallyByEnd } from './tally.js';

export { bystander_fresh, bystander_kept } from './bystander.js';

const CLIENTS = Number(__ENV.CLIENTS);
const PAUSE_AFTER_REFUSAL_S = 0.05;
const params = loadParams(__ENV.CONNECTION === 'new' ? { Connection: 'close' } : undefined);

export const options = {
  scenarios: {
    load: { executor: 'per-vu-iterations', vus: CLIENTS, iterations: 1, maxDuration, exec: 'load' },
    ...bystanderScenarios(),
  },
  systemTags: [],
};

export function load() {
  if (!enter('load')) return;
  const tally = newTally('closed');
  tally.late_ms = Math.max(0, -sleepUntil(clock.startMs));
  const { windowEndMs } = clock;
  let lastMs = 0;
  for (let nowMs = Date.now(); nowMs < windowEndMs;) {
    params.timeout = patienceMs(nowMs, lastMs);
    const sent = sendLoad(params);
    if (sent.error === null) lastMs = sent.latencyMs;
    tallyByEnd(tally, sent);
    nowMs = sent.endMs;
    if (sent.error !== 'connection') continue;
    sleep(PAUSE_AFTER_REFUSAL_S);
    nowMs = Date.now();
  }
  handOver(tally);
}
