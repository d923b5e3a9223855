// What the runner asks for, from the environment (README.md lists every variable). Durations are milliseconds.

function required(name) {
  const value = __ENV[name];
  if (value === undefined || value === '') throw new Error(`loadgen needs the variable ${name}`);
  return value;
}

export const settings = {
  baseUrl: required('BASE_URL'),
  url: required('BASE_URL') + required('ROUTE'),
  gateUrl: required('GATE_URL'),
  expectedResult: required('EXPECTED_RESULT'),
  pingUrl: required('BASE_URL') + required('PING_ROUTE'),
  pingResult: required('PING_RESULT'),
  warmupMs: Number(required('WARMUP_MS')),
  windowMs: Number(required('WINDOW_MS')),
  patienceMs: Number(required('PATIENCE_MS')),
  drainMs: Number(required('DRAIN_MS')),
  timeoutMs: Number(__ENV.TIMEOUT_MS || 20000),
};

// Long enough for every scenario to end by itself: opening, the load, one request that times out, then slack.
export const maxDuration =
  `${Math.ceil(settings.patienceMs + settings.warmupMs + settings.windowMs + settings.timeoutMs + 10000)}ms`;
