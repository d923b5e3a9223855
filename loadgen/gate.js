// The start of the load: no virtual user sends anything of it before all that keep a connection have an answer on it.
import http from 'k6/http';
import { sleep } from 'k6';
import { settings } from './settings.js';
import { send } from './request.js';

const TRIES = 3;
const PAUSE_MS = 50;

// When the load starts and its window begins and ends, in milliseconds since the epoch: this virtual user's copy.
export const clock = { startMs: 0, windowStartMs: 0, windowEndMs: 0 };

// Opens this user's own connection by a ping, unless it wants none; tells the runner at the gate, and waits there until
// everybody has come and the runner says when the load starts. False if it says that there will be none.
export function enter(kind, { connect = true } = {}) {
  const opened = !connect || hasAnswer();
  const told = http.get(`${settings.gateUrl}/${kind}/${opened ? 'opened' : 'refused'}`, { timeout: 2 * settings.patienceMs });
  clock.startMs = Number(told.body);
  if (told.status !== 200 || !(clock.startMs > 0)) return false;
  clock.windowStartMs = clock.startMs + settings.warmupMs;
  clock.windowEndMs = clock.windowStartMs + settings.windowMs;
  return true;
}

// How long the answer to a request that is sent now is awaited: until DRAIN_MS after the window's end, and twice as long
// as this user's last answer took, as a slow server is no lost one; TIMEOUT_MS at most.
export function patienceMs(nowMs, lastMs = 0) {
  const latestMs = Math.max(clock.windowEndMs + settings.drainMs, nowMs + 2 * lastMs);
  return Math.max(1, Math.min(settings.timeoutMs, Math.ceil(latestMs - nowMs)));
}

export function sleepUntil(timeMs) {
  const remainingMs = timeMs - Date.now();
  if (remainingMs > 0) sleep(remainingMs / 1000);
  return remainingMs;
}

function hasAnswer() {
  for (let tries = 0; tries < TRIES; tries += 1) {
    if (send(settings.pingUrl, settings.pingResult, { timeout: settings.patienceMs }).error === null) return true;
    sleep(PAUSE_MS / 1000);
  }
  return false;
}
