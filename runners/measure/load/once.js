// Sends one request, as a load would, and says what the user's own check makes of its answer.
import http from 'k6/http';

const own = JSON.parse(__ENV.REQUEST);
const check = require(__ENV.CHECK).default;

export const options = { vus: 1, iterations: 1 };

export default function () {
  const response = http.request(own.method, __ENV.BASE_URL + __ENV.ROUTE, own.body, { headers: own.headers, redirects: 0 });
  console.log(`said: ${said(response)}`);
}

function said(response) {
  if (response.status !== own.status) return `status ${response.status}`;
  try {
    return JSON.stringify(check(response));
  } catch (error) {
    return `it throws ${error}`;
  }
}
