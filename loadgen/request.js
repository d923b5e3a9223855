// Sends one request and checks its answer.
import http from 'k6/http';

const TIMEOUT_ERROR_CODE = 1050;
const NO_ERROR_CODE = 0;

// Sends a GET; returns the time it took (waiting for a connection included) and what was wrong with the answer, or null.
export function send(url, expectedResult, params) {
  const response = http.get(url, params);
  return {
    endMs: Date.now(),
    latencyMs: response.timings.blocked + response.timings.duration,
    error: errorOf(response, expectedResult),
  };
}

function errorOf(response, expectedResult) {
  if (response.error_code === TIMEOUT_ERROR_CODE) return 'timeout';
  if (response.error_code !== NO_ERROR_CODE && response.status === 0) return 'connection';
  if (response.status !== 200) return 'status';
  return resultOf(response.body) === expectedResult ? null : 'body';
}

function resultOf(body) {
  try {
    return String(JSON.parse(body).result);
  } catch (_) {
    return undefined;
  }
}
