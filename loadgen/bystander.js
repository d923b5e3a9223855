// A bystander: a cheap request at a steady rate to the same server while it is under load.
//
// Each virtual user owns every n-th slot of a fixed schedule, and a late answer delays none of the others. Latency runs
// from the intended time, so a stall is charged to every slot it covers (no coordinated omission).
import { sleep } from 'k6';
import exec from 'k6/execution';
import { Counter, Trend } from 'k6/metrics';
import { maxDuration, settings } from './settings.js';
import { newStream, record, send } from './window.js';

const PING = `${settings.baseUrl}/ping`;
const PONG = 'pong';

// Slots a second and how long one slot's answer may take before it delays that user's next slot.
const kinds = {
  kept: { ratePerS: Number(__ENV.BYSTANDER_KEPT_PER_S || 0), patienceS: 1.5, headers: {} },
  fresh: { ratePerS: Number(__ENV.BYSTANDER_FRESH_PER_S || 0), patienceS: 3, headers: { Connection: 'close' } },
};

for (const [name, kind] of Object.entries(kinds)) {
  kind.users = Math.ceil(kind.ratePerS * kind.patienceS);
  kind.stream = newStream(`bystander_${name}`);
  kind.scheduled = new Counter(`bystander_${name}_scheduled`);
  kind.late = new Counter(`bystander_${name}_late`);
  kind.lag = new Trend(`bystander_${name}_lag`);
  kind.params = { headers: kind.headers, timeout: settings.timeoutMs };
}

export function bystanderScenarios() {
  const scenarios = {};
  for (const [name, kind] of Object.entries(kinds)) {
    if (kind.users === 0) continue;
    scenarios[`bystander_${name}`] = {
      executor: 'per-vu-iterations', vus: kind.users, iterations: 1, maxDuration, exec: `bystander_${name}`,
    };
  }
  return scenarios;
}

function keepSchedule(kind) {
  const index = exec.scenario.iterationInTest;
  const periodMs = (kind.users / kind.ratePerS) * 1000;
  if (kind === kinds.kept) send(PING, PONG, kind.params);  // opens the connection before any load is on
  for (let slotMs = settings.startMs + index * (1000 / kind.ratePerS); slotMs < settings.windowEndMs; slotMs += periodMs) {
    const overdueMs = waitUntil(slotMs);
    const sent = send(PING, PONG, kind.params);
    sent.latencyMs += overdueMs;
    if (slotMs >= settings.windowStartMs) note(kind, sent, overdueMs, Date.now() - sent.latencyMs - slotMs);
  }
}

// Milliseconds by which the slot was already past, because this user's last answer came too late; then 0.
function waitUntil(slotMs) {
  const remainingMs = slotMs - Date.now();
  if (remainingMs <= 0) return -remainingMs;
  sleep(remainingMs / 1000);
  return 0;
}

function note(kind, sent, overdueMs, lagMs) {
  kind.scheduled.add(1);
  kind.lag.add(Math.max(0, lagMs));
  if (overdueMs > 0) kind.late.add(1);
  if (sent.error === null) kind.stream.requests.add(1);
  record(kind.stream, sent);
}

export const bystander_kept = () => keepSchedule(kinds.kept);
export const bystander_fresh = () => keepSchedule(kinds.fresh);
