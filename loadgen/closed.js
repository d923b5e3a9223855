// The closed loop: a fixed number of clients, each sending its next request as soon as the last is answered.
import { sleep } from 'k6';
import { bystanderScenarios } from './bystander.js';
import { clock, enter, sleepUntil } from './gate.js';
import { send } from './request.js';
import { maxDuration, settings } from './settings.js';
import { handOver, newTally, tallyByEnd } from './tally.js';

export { bystander_fresh, bystander_kept } from './bystander.js';

const CLIENTS = Number(__ENV.CLIENTS);
const PAUSE_AFTER_REFUSAL_S = 0.05;
const params = { timeout: settings.timeoutMs };
if (__ENV.CONNECTION === 'new') params.headers = { Connection: 'close' };

export const options = {
  scenarios: {
    load: { executor: 'per-vu-iterations', vus: CLIENTS, iterations: 1, maxDuration, exec: 'load' },
    ...bystanderScenarios(),
  },
  systemTags: ['scenario'],
};

export function load() {
  if (!enter('load')) return;
  const tally = newTally('closed');
  tally.late_ms = Math.max(0, -sleepUntil(clock.startMs));
  while (Date.now() < clock.windowEndMs) {
    const sent = send(settings.url, settings.expectedResult, params);
    tallyByEnd(tally, sent);
    if (sent.error === 'connection') sleep(PAUSE_AFTER_REFUSAL_S);
  }
  handOver(tally);
}
