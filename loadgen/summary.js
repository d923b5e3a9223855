// What k6 reports at the end: every metric with a fine grid of quantiles, from which trials are pooled later.
import { settings } from './settings.js';

const PERCENTS = Array.from({ length: 99 }, (_, i) => i + 1);
const LEVELS = [0.5, ...PERCENTS, 99.5, 99.7, 99.9, 99.95, 99.99];  // QUANTILE_LEVELS in runners/model.py

export const summaryTrendStats = ['count', 'avg', 'min', 'max', ...LEVELS.map((p) => `p(${p})`)];

export function handleSummary(data) {
  const metrics = {};
  for (const [name, metric] of Object.entries(data.metrics)) metrics[name] = metric.values;
  return { [settings.summaryPath]: JSON.stringify({ metrics }) };
}
