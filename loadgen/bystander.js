// A bystander: a cheap request at a steady rate to the same server while it is under load.
//
// Each virtual user owns every n-th slot of a fixed schedule, and a late answer delays none of the others. Latency runs
// from the intended time, so a stall of the server is charged to every slot it covers (no coordinated omission). By how
// much k6 itself woke late is no part of it: that is told apart, as lags_ms. A ping that is not
// answered when the window ends is handed over with how long it had waited until then: its latency is longer than that.
import exec from 'k6/execution';
import { clock, enter, patienceMs, sleepUntil } from './gate.js';
import { send } from './request.js';
import { maxDuration, settings } from './settings.js';
import { handOver } from './tally.js';

// Slots a second and how long one slot's answer may take before it delays that user's next slot.
const kinds = {
  kept: { ratePerS: Number(__ENV.BYSTANDER_KEPT_PER_S || 0), patienceS: 1.5, headers: {} },
  fresh: { ratePerS: Number(__ENV.BYSTANDER_FRESH_PER_S || 0), patienceS: 3, headers: { Connection: 'close' } },
};

for (const [name, kind] of Object.entries(kinds)) {
  kind.role = `bystander_${name}`;
  kind.users = Math.ceil(kind.ratePerS * kind.patienceS);
  kind.params = { headers: kind.headers };
}

export function bystanderScenarios() {
  const scenarios = {};
  for (const kind of Object.values(kinds)) {
    if (kind.users === 0) continue;
    scenarios[kind.role] = {
      executor: 'per-vu-iterations', vus: kind.users, iterations: 1, maxDuration, exec: kind.role,
    };
  }
  return scenarios;
}

function keepSchedule(kind) {
  if (!enter(kind.role, { connect: kind === kinds.kept })) return;
  const tally = { role: kind.role, scheduled: 0, late: 0, errors: {}, latencies_ms: [], waited_ms: [], lags_ms: [], pings: [] };
  const firstMs = clock.startMs + exec.scenario.iterationInTest * (1000 / kind.ratePerS);
  for (let slotMs = firstMs; slotMs < clock.windowEndMs; slotMs += (kind.users / kind.ratePerS) * 1000) {
    const seen = ping(kind, slotMs);
    if (slotMs >= clock.windowStartMs) note(tally, slotMs, seen);
  }
  handOver(tally);
}

// What became of one slot; `sent` is null if the window was over before its user was free.
function ping(kind, slotMs) {
  const overdueMs = Math.max(0, -sleepUntil(slotMs));
  const wokeMs = Date.now();
  const sleptInMs = Math.max(0, wokeMs - slotMs - overdueMs);
  if (wokeMs >= clock.windowEndMs) return { overdueMs, sleptInMs, sent: null };
  kind.params.timeout = patienceMs(Date.now());
  const sent = send(settings.pingUrl, settings.pingResult, kind.params);
  return { overdueMs, sleptInMs, sent: { ...sent, latencyMs: sent.latencyMs + overdueMs } };
}

function note(tally, slotMs, { overdueMs, sleptInMs, sent }) {
  tally.scheduled += 1;
  if (overdueMs > 0) tally.late += 1;
  if (sent === null || sent.endMs >= clock.windowEndMs) {
    tally.waited_ms.push(clock.windowEndMs - slotMs);
    tally.pings.push(slotMs - clock.windowStartMs, clock.windowEndMs - slotMs);
    tally.lags_ms.push(sleptInMs);
    return;
  }
  tally.lags_ms.push(Math.max(0, sent.endMs - sent.latencyMs - slotMs));
  if (sent.error !== null) tally.errors[sent.error] = (tally.errors[sent.error] || 0) + 1;
  if (sent.error !== null && sent.error !== 'timeout') return;
  tally.latencies_ms.push(sent.latencyMs);
  tally.pings.push(slotMs - clock.windowStartMs, sent.latencyMs);
}

export const bystander_kept = () => keepSchedule(kinds.kept);
export const bystander_fresh = () => keepSchedule(kinds.fresh);
