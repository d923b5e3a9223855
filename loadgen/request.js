// Sends one request and checks its answer.
import http from 'k6/http';
import { settings } from './settings.js';

const TIMEOUT_ERROR_CODE = 1050;
const ANY = '*';

// By expected result the last body that was found right: to compare is cheaper than to parse, and checks as much.
const right = {};

// What the load sends instead of the contract's GET, and the user's own check of its answers.
const own = __ENV.REQUEST ? JSON.parse(__ENV.REQUEST) : null;
const check = __ENV.CHECK ? require(__ENV.CHECK).default : null;
let rightBody = null;

export const sendLoad = own ? sendOwn : (params) => send(settings.url, settings.expectedResult, params);

// What goes with every request of the load. Its own answer is what is measured, so a redirection is not followed.
export function loadParams(headers) {
  if (own) return { headers: { ...own.headers, ...headers }, redirects: 0 };
  return headers ? { headers } : {};
}

// Sends a GET; returns the time it took (waiting for a connection included) and what was wrong with the answer, or null.
export function send(url, expectedResult, params) {
  const response = http.get(url, params);
  const endMs = Date.now();
  return seen(response, endMs, response.status === 200 ? checked(response.body, expectedResult) : faultOf(response));
}

function sendOwn(params) {
  const response = http.request(own.method, settings.url, own.body, params);
  const endMs = Date.now();
  return seen(response, endMs, response.status === own.status ? checkedOwn(response) : faultOf(response));
}

function seen({ timings }, endMs, error) {
  return { endMs, latencyMs: timings.blocked + timings.duration, error };
}

function faultOf(response) {
  if (response.error_code === TIMEOUT_ERROR_CODE) return 'timeout';
  return response.status === 0 ? 'connection' : 'status';
}

function checked(body, expectedResult) {
  if (expectedResult === ANY || body === right[expectedResult]) return null;
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

function checkedOwn(response) {
  if (check) return passes(response) ? null : 'body';
  if (own.exact !== null) return response.body === own.exact ? null : 'body';
  if (own.json_subset === null || response.body === rightBody) return null;
  if (!holdsWanted(response.body)) return 'body';
  rightBody = response.body;
  return null;
}

function passes(response) {
  try {
    return check(response) === true;
  } catch (_) {
    return false;
  }
}

function holdsWanted(body) {
  try {
    return holds(JSON.parse(body), own.json_subset);
  } catch (_) {
    return false;
  }
}

// Objects may have more keys than wanted; all else is equal.
function holds(found, wanted) {
  if (wanted === null || typeof wanted !== 'object') return found === wanted;
  if (found === null || typeof found !== 'object' || Array.isArray(found) !== Array.isArray(wanted)) return false;
  if (Array.isArray(wanted) && found.length !== wanted.length) return false;
  return Object.keys(wanted).every((key) => key in found && holds(found[key], wanted[key]));
}
