// What the runner asks for, from the environment (README.md lists every variable). Times are milliseconds since the epoch.

function required(name) {
  const value = __ENV[name];
  if (value === undefined || value === '') throw new Error(`loadgen needs the variable ${name}`);
  return value;
}

export const settings = {
  baseUrl: required('BASE_URL'),
  url: required('BASE_URL') + required('ROUTE'),
  expectedResult: required('EXPECTED_RESULT'),
  startMs: Number(required('START_MS')),
  windowStartMs: Number(required('WINDOW_START_MS')),
  windowEndMs: Number(required('WINDOW_END_MS')),
  timeoutMs: Number(__ENV.TIMEOUT_MS || 20000),
  summaryPath: required('SUMMARY_PATH'),
};

// Long enough for every scenario to end by itself: the window, then one request that times out, then slack.
export const maxDuration = `${Math.ceil(settings.windowEndMs - Date.now() + settings.timeoutMs + 10000)}ms`;
