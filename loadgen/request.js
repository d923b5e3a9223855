// Sends one request and checks its answer.
import http from 'k6/http';

const TIMEOUT_ERROR_CODE = 1050;

// By expected result the last body that was found right: to compare is cheaper than to parse, and checks as much.
const right = {};

// Sends a GET; returns the time it took (waiting for a connection included) and what was wrong with the answer, or null.
export function send(url, expectedResult, params) {
  const response = http.get(url, params);
  const endMs = Date.now();
  const timings = response.timings;
  return { endMs, latencyMs: timings.blocked + timings.duration, error: errorOf(response, expectedResult) };
}

function errorOf(response, expectedResult) {
  if (response.status === 200) return checked(response.body, expectedResult);
  if (response.error_code === TIMEOUT_ERROR_CODE) return 'timeout';
  return response.status === 0 ? 'connection' : 'status';
}

function checked(body, expectedResult) {
  if (body === right[expectedResult]) return null;
  if (resultOf(body) !== expectedResult) return 'body';
  right[expectedResult] = body;
  return null;
}

function resultOf(body) {
  try {
    return String(JSON.parse(body).result);
  } catch (_) {
    return undefined;
  }
}
